"""A provision standard: a flat rate on what performs, the loss still to come on what is in default."""

import numpy as np

from loantwin.risk.provisions.measurement import exposures, loss_in_default
from loantwin.risk.provisions.pooled import pooled_allowance

RULE = "1 % of the exposure of loans that perform; of loans in default, the loss still to come"


def flat_rate(portfolio, scenarios, _config, beside):
    """Take the same losses in every scenario."""
    performing = 0.01 * exposures(portfolio).exposure
    losses = np.where(portfolio.standing.defaulted, loss_in_default(portfolio)[0], performing)
    by_scenario = np.repeat(losses[:, None], len(scenarios), axis=1)
    return pooled_allowance(
        "plugin-standard", portfolio, scenarios, by_scenario, rules=(RULE,), provenance=beside.provenance
    )
