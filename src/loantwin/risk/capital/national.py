"""Sections of an options file beside the tables that all have: factors, slotting, allowance, backstop."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Flags, Floats
from loantwin.risk.capital.options_reader import OptionsReader
from loantwin.risk.capital.paragraphs import WeightRule, rule_of

CATEGORIES = ("strong", "good", "satisfactory", "weak", "default")
"""Supervisory categories of specialised lending, in the order of the tables."""
SLOTTED = ("income_producing", "high_volatility")
"""Tables of slotting: income-producing real estate; land, development and construction."""
LATER_VALUES = ("never", "lower", "average")
"""What a later value of a property may do to that at origination; see `PropertyValue`."""


@dataclass(frozen=True)
class SmeFactor(WeightRule):
    """Factor on the weight of small firms: `below` up to the amount `upto` owed, `above` on the rest."""

    upto: float
    below: float
    above: float
    classes: tuple[str, ...]

    def of(self, owed: Floats) -> Floats:
        """Return the factor of each borrower, (N,), by all that it owes, (N,), the options' currency.

        (min(E, upto) x below + max(E - upto, 0) x above) / E; a borrower that owes nothing takes `below`.
        """
        check.money(owed=owed)
        low = np.minimum(owed, self.upto)
        whole = low * self.below + (owed - low) * self.above
        return np.asarray(np.divide(whole, owed, out=np.full(owed.shape, self.below), where=owed > 0))


@dataclass(frozen=True)
class InfrastructureFactor(WeightRule):
    """Factor on the weight of what finances infrastructure, in the named classes."""

    factor: float
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Slotting(WeightRule):
    """Weights of specialised lending by supervisory category, and expected loss as a share of exposure.

    weights, losses : table of `SLOTTED` -> one number for each of `CATEGORIES`.
    """

    weights: Mapping[str, tuple[float, ...]]
    losses: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class AllowanceRule(WeightRule):
    """Allowance under the standardised approach: `tier2`, the most that counts in tier 2 as a share of credit
    RWA; `excess_deducted`, whether what is beyond is taken off RWA."""

    tier2: float
    excess_deducted: bool


@dataclass(frozen=True)
class Backstop(WeightRule):
    """Least coverage of non-performing loans by full years since they became so; the gap is taken off CET1.

    originated_from : loans originated earlier have none. unsecured, immovable, other : pairs of years and
        share, rising; before the first nothing is asked.
    """

    originated_from: dt.date
    unsecured: tuple[tuple[float, float], ...]
    immovable: tuple[tuple[float, float], ...]
    other: tuple[tuple[float, float], ...]

    def share(self, kind: str, years: Floats) -> Floats:
        """Return the share to be covered, (N,), of the part `kind` (unsecured, immovable, other)."""
        check.word(kind=kind)
        check.within(0, years=years)
        pairs = {"unsecured": self.unsecured, "immovable": self.immovable, "other": self.other}[kind]
        steps = np.array([0.0, *(share for _, share in pairs)])
        return np.asarray(steps[np.searchsorted([start for start, _ in pairs], years, side="right")])


@dataclass(frozen=True)
class PropertyValue(WeightRule):
    """Which value a loan-to-value ratio divides by.

    later : never (that at origination alone), lower (a later one where it is lower), average (a later one, at
        most the greater of that at origination and the mean of `years`).
    """

    later: str
    years: float

    def value(self, origination: Floats, latest: Floats, mean: Floats) -> Floats:
        """Return the value to divide by where later ones are asked for, (N,) currency, before haircut.

        origination, latest, mean : (N,) first value, last value, mean of the last `years`; NaN where unknown.
        """
        check.gaps(origination=origination, latest=latest, mean=mean)
        most = np.fmax(origination, mean) if self.later == "average" else origination
        return np.where(np.isnan(latest) | (self.later == "never"), origination, np.fmin(latest, most))


@dataclass(frozen=True)
class National:
    """What a country has beside the tables that all have; None where it has not."""

    sme_factor: SmeFactor | None
    infrastructure: InfrastructureFactor | None
    slotting: Slotting | None
    allowance: AllowanceRule | None
    backstop: Backstop | None


def read_national(read: OptionsReader) -> National:
    """Return the optional sections of an options file.

    Raises
    ------
    RiskError : an unknown key, a missing one, or a value out of range.
    """
    check.kind(OptionsReader, read=read)
    return National(
        sme_factor=_sme(read.section("sme_factor")) if read.has("sme_factor") else None,
        infrastructure=_infrastructure(read.section("infrastructure"))
        if read.has("infrastructure")
        else None,
        slotting=_slotting(read.section("slotting")) if read.has("slotting") else None,
        allowance=_allowance(read.section("allowance")) if read.has("allowance") else None,
        backstop=_backstop(read.section("backstop")) if read.has("backstop") else None,
    )


def read_property_value(read: OptionsReader) -> PropertyValue:
    """Return the section on values of property.

    Raises
    ------
    RiskError : an unknown key, a missing one, or a value out of range.
    """
    check.kind(OptionsReader, read=read)
    rule, later = rule_of(read), read.text("later")
    if later not in LATER_VALUES:
        read.refuse("one of " + ", ".join(LATER_VALUES), later, "later")
    years = read.number("years", 0.0, 100.0) if later == "average" else 0.0
    return PropertyValue(**rule, later=later, years=years, **read.done())


def _sme(read: OptionsReader) -> SmeFactor:
    return SmeFactor(
        **rule_of(read),
        upto=read.number("upto", 0.0, math.inf),
        below=read.number("below", 0.0, 1.0),
        above=read.number("above", 0.0, 1.0),
        classes=read.texts("classes"),
        **read.done(),
    )


def _infrastructure(read: OptionsReader) -> InfrastructureFactor:
    return InfrastructureFactor(
        **rule_of(read),
        factor=read.number("factor", 0.0, 1.0),
        classes=read.texts("classes"),
        **read.done(),
    )


def _slotting(read: OptionsReader) -> Slotting:
    rule = rule_of(read)
    weights = {name: read.numbers(name, len(CATEGORIES)) for name in SLOTTED}
    losses = {name: read.numbers(f"{name}_loss", len(CATEGORIES)) for name in SLOTTED}
    return Slotting(**rule, weights=weights, losses=losses, **read.done())


def _allowance(read: OptionsReader) -> AllowanceRule:
    return AllowanceRule(
        **rule_of(read),
        tier2=read.number("tier2", 0.0, 1.0),
        excess_deducted=read.flag("excess_deducted"),
        **read.done(),
    )


def _backstop(read: OptionsReader) -> Backstop:
    return Backstop(
        **rule_of(read),
        originated_from=read.date("originated_from"),
        unsecured=read.pairs("unsecured", 1.0),
        immovable=read.pairs("immovable", 1.0),
        other=read.pairs("other", 1.0),
        **read.done(),
    )


def insufficient(
    rule: Backstop, exposure: Floats, secured: Floats, immovable: Flags, years: Floats, provided: Floats
) -> Floats:
    """Return each loan's gap in coverage, (N,) currency: what is to be covered less what is, at least 0.

    Parameters
    ----------
    exposure, secured : (N,) what is owed, and the part of it that collateral or a guarantee covers, currency.
    immovable : (N,) whether that is real estate. years : (N,) since the loan became non-performing.
    provided : (N,) specific provisions and other deductions of the loan, currency.
    """
    check.kind(Backstop, rule=rule)
    check.money(exposure=exposure, secured=secured, provided=provided)
    check.truths(immovable=immovable)
    check.within(0, years=years)
    check.shaped(exposure.shape, secured=secured, immovable=immovable, years=years, provided=provided)
    held = np.minimum(secured, exposure)
    rate = np.where(immovable, rule.share("immovable", years), rule.share("other", years))
    least = (exposure - held) * rule.share("unsecured", years) + held * rate
    return np.asarray(np.maximum(least - provided, 0.0))
