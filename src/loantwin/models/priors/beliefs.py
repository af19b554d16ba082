"""What is believed of the economy's effect on defaults, per unit: by product, or across products.

The same beliefs start every fit, of a book with a history and of one without. A belief is the change of
the log default rate for one point of unemployment (by its change over 12 months, and by its level) or for
10 % of house prices, so that it says the same whatever part of history a fit was given: the standard
deviation of a covariate, by which a belief was once stated, is another one in each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from loantwin.errors import UsageError, choice, expected
from loantwin.models.priors.curves import reach_of
from loantwin.models.priors.table import Z90, Belief, ProductPrior, priors

POINT, TENTH = 0.01, 0.1
"""One point of a rate; 10 % of an index, of its logarithm."""
ACROSS = "across products"
"""Name of the beliefs where a mapping does not tell what is lent."""
BY_LENDING = {"business": ("small-business", "corporate"), "consumer": ("personal", "card", "auto")}
"""Products that stand for what is lent to whom, where a mapping tells no more. Assumed."""
UNITS = {
    "unemployment_change": ("unemployment_rate", "change_12m", POINT),
    "unemployment_level": ("unemployment_rate", "level", POINT),
    "house_prices": ("house_price_index", "log_ratio_12m", TENTH),
}
"""Belief -> factor, transform and unit of the covariate it is about."""
MULTIPLE_CAP = "multiple_cap"
NAMES = (*UNITS, MULTIPLE_CAP)
"""Beliefs by name, as `stress --belief` reads them."""


@dataclass(frozen=True)
class MacroBeliefs:
    """Beliefs of the economy's effect on a product's log default rate, by unit of `UNITS`.

    product : whose, or `ACROSS`. multiple_cap : how many times its long-run level the economy alone can make
        the default rate. elasticity_of : defaults, or charge-offs, whose elasticity holds severity's too.
    members : products that the beliefs were put together from.
    """

    product: str
    unemployment_change: Belief
    unemployment_level: Belief
    house_prices: Belief
    multiple_cap: Belief
    elasticity_of: str
    members: tuple[ProductPrior, ...]

    def reach(self, live: Sequence[str]) -> float:
        """Return by how much the log default rate moves with the log-odds of all worsening edges.

        live : published live states; the mean over the members' chains (`curves.reach_of`).
        """
        return float(np.mean([reach_of(one, live) for one in self.members]))

    def to_dict(self) -> dict[str, Any]:
        """Return plain data: the beliefs, what they hold and the products they were put together from."""
        return {
            "product": self.product,
            **{name: asdict(getattr(self, name)) for name in NAMES},
            "elasticity_of": self.elasticity_of,
            "members": [one.name for one in self.members],
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> MacroBeliefs:
        """Return the beliefs of plain data; members are products that still ship."""
        members = tuple(priors()[name] for name in document["members"] if name in priors())
        found = {name: Belief(**document[name]) for name in NAMES}
        return cls(document["product"], **found, elasticity_of=document["elasticity_of"], members=members)

    def moved(self, asked: Mapping[str, float]) -> MacroBeliefs:
        """Return the beliefs with other values for some, their spreads as they are.

        Raises
        ------
        UsageError : an unknown name, a number that is not finite, a cap of 1 or less.
        """
        made = self
        for name, value in asked.items():
            name = choice(name, NAMES, "beliefs")
            if not np.isfinite(value) or (name == MULTIPLE_CAP and value <= 1.0):
                least = "a multiple above 1" if name == MULTIPLE_CAP else "a finite number"
                raise UsageError(expected(f"{least} for {name}", value), field="beliefs")
            made = replace(made, **{name: replace(getattr(made, name), value=value, basis="asked for")})
        return made


def product_beliefs(prior: ProductPrior) -> MacroBeliefs:
    """Return the beliefs of one product."""
    return MacroBeliefs(
        product=prior.name,
        unemployment_change=prior.unemployment_change,
        unemployment_level=prior.unemployment_level,
        house_prices=prior.house_prices,
        multiple_cap=prior.multiple_cap,
        elasticity_of=prior.elasticity_of,
        members=(prior,),
    )


def beliefs_for(product_class: str = "", lending: str = "") -> MacroBeliefs:
    """Return the beliefs of a tape: its product's, those across the products of its lending, or across all.

    Across products a value is their mean and its variance the mean of theirs plus that between them; the cap
    is their geometric mean.

    Raises
    ------
    UsageError : no such product.
    """
    shipped = priors()
    if product_class:
        return product_beliefs(shipped[choice(product_class, shipped, "product_class")])
    names = BY_LENDING.get(lending, tuple(shipped))
    members = tuple(shipped[name] for name in names)
    title = f"{ACROSS} ({', '.join(names)})" if lending in BY_LENDING else ACROSS
    found = {name: _across([getattr(one, name) for one in members], title) for name in UNITS}
    value, low, high = (
        float(np.exp(np.mean([np.log(getattr(one.multiple_cap, end)) for one in members])))
        for end in ("value", "low", "high")
    )
    cap = Belief(value, low, high, "assumed", f"geometric mean {title}")
    return MacroBeliefs(title, **found, multiple_cap=cap, elasticity_of="charge-offs", members=members)


def _across(beliefs: Sequence[Belief], title: str) -> Belief:
    values = np.array([one.value for one in beliefs])
    variance = np.mean([one.deviation**2 for one in beliefs]) + values.var()
    mean, half = float(values.mean()), Z90 * float(np.sqrt(variance))
    return Belief(mean, mean - half, mean + half, "assumed", f"mean {title}, spread between them included")
