"""A policy for books and for applications."""

import numpy as np

from loantwin.decisions.policy_decision import PolicyDecision


class Careful:
    """Works arrears harder the more of the book is past due, and refers what is risky."""

    name = "plugin-policy"
    figure_names = ("delinquent_share",)
    lever_names = ("collection_intensity",)

    def levers(self, figures):
        """Return (E, 1): +1 where a tenth of the balance is past due."""
        return np.clip(10.0 * figures, 0.0, 1.0)

    def decide(self, application):
        """Refer an application without a low default probability; else grant it at 6 % plus its loss."""
        name, amount, pd = (application.get(key) for key in ("application_id", "amount", "annual_pd"))
        if pd is None or pd > 0.02:
            words = ("no default probability up to 2 %",)
            return PolicyDecision(name, "refer", None, None, None, words, ())
        months = application["term_months"]
        return PolicyDecision(name, "approve", amount, 0.06 + 0.6 * pd, months, ("low risk",), ())


CAREFUL = Careful()
