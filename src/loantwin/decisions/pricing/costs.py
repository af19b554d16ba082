"""What a price counts beside interest and risk: settings with what each says, and whether it is assumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from loantwin.config import Config, Pricing, Setting

PLAUSIBLE: Mapping[str, tuple[float, float]] = {
    "hurdle_rate": (0.08, 0.15),
    "capital_ratio": (0.08, 0.14),
    "tax_rate": (0.15, 0.30),
    "acquisition_rate": (0.015, 0.03),
    "acquisition_cost": (0.0, 500.0),
    "offer_cost": (0.0, 50.0),
    "monthly_cost": (0.0, 10.0),
    "origination_fee": (0.0, 0.05),
    "prepayment_cost": (0.0, 0.02),
    "take_up": (0.05, 0.9),
    "take_up_amount": (0.0, 3.0),
    "take_up_payment": (0.0, 2.0),
}
"""Ranges in which a lender's own figure is looked for first; assumed."""
WORDS: Mapping[str, str] = {
    "hurdle_rate": "return that equity asks for, after tax, a year",
    "capital_ratio": "equity held, of risk-weighted assets",
    "capital_rule": "risk weights: the twin's own PD and loss (irb), or standardised",
    "tax_rate": "tax on profit; a loss gets it back",
    "acquisition_rate": "cost of winning a loan, of its amount",
    "acquisition_cost": "cost of winning a loan, money",
    "offer_cost": "cost of an offer, taken up or not, money",
    "monthly_cost": "cost of a live loan, money a month",
    "origination_fee": "paid by the borrower on the first day, of the amount",
    "prepayment_cost": "cost of what is repaid early, of it",
    "take_up": "share of offers taken up at what was asked for and the reference rate",
    "take_up_amount": "fall of take-up's log-odds by the log of asked / offered amount",
    "take_up_payment": "fall of take-up's log-odds by the log of offered / asked payment",
}


@dataclass(frozen=True)
class CostLine:
    """A setting of `[pricing]` as printed.

    basis : `assumed`, or where it comes from. low, high : what else is plausible where it is assumed; None
    for a word.
    """

    name: str
    value: float | str
    words: str
    basis: str
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Costs:
    """What a price counts, decimals a year or shares; see `config.Pricing` for each.

    servicing : `economics.servicing_annual_rate`.
    """

    pricing: Pricing
    servicing: float

    @property
    def kept(self) -> float:
        """Return the share of profit that tax leaves."""
        return 1.0 - self.pricing.tax_rate


def costs_of(config: Config) -> Costs:
    """Return what the settings say."""
    return Costs(config.pricing, config.economics.servicing_annual_rate)


def cost_lines(pricing: Pricing, settings: Sequence[Setting]) -> tuple[CostLine, ...]:
    """Return every setting of the part with its value, its words and its basis.

    Parameters
    ----------
    settings : what `config.load` says of where each comes from; one that no file and no variable states is
        assumed.
    """
    origins = {item.name.removeprefix("pricing."): item.origin for item in settings}
    made = []
    for item in fields(Pricing):
        if item.name not in WORDS:
            continue
        value = getattr(pricing, item.name)
        stated = origins.get(item.name, "default") != "default" or value != item.default
        low, high = PLAUSIBLE.get(item.name, (None, None))
        basis = (pricing.source or "stated in the settings") if stated else "assumed"
        bounds = (None, None) if stated else (low, high)
        made.append(CostLine(item.name, value, WORDS[item.name], basis, *bounds))
    return tuple(made)
