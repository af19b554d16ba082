"""`levers fit`: what price did to take-up, size and arrears, learnt from an offer log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from loantwin.clock import Clock, SystemClock
from loantwin.decisions.offers.effects import Effect, Effects, fit_effects
from loantwin.decisions.offers.fitted import Levers, write_levers
from loantwin.decisions.offers.log import Offers, read_offers
from loantwin.decisions.offers.mapping import OfferFormat, read_offer_format
from loantwin.decisions.offers.profit import profit
from loantwin.decisions.offers.randomised import BalanceRow, Randomised, randomised
from loantwin.decisions.offers.rules import DEFAULT, price_rule
from loantwin.decisions.offers.shape import Above, DemandPoint, Shape, above, demand, shape
from loantwin.decisions.offers.value import BAND, PolicyValue, policy_value
from loantwin.errors import ModelError, UsageError, expected
from loantwin.files import check_target
from loantwin.types import Result


@dataclass(frozen=True)
class ArrearsParts:
    """Arrears by price, parted: who borrows (by the offer at an equal contract rate) and what they owe.

    selection, burden : money a point. told : whether one of the two intervals is clear of 0.
    """

    selection: Effect
    burden: Effect
    told: bool
    why: str


@dataclass(frozen=True)
class StratumRow:
    """Prices of a stratum, in the log's unit, and what was taken up."""

    stratum: str
    offers: int
    taken_up: int
    lowest: float
    mean: float
    highest: float
    prices: int


@dataclass(frozen=True)
class Posterior:
    """The fitted parameters by name: mean, (K, K) covariance, and what is assumed of bias to either side."""

    names: tuple[str, ...]
    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    bias: tuple[float, ...]


@dataclass(frozen=True)
class LeversFitResult(Result):
    """Effects of price within strata, each a percentage point of the period of the log's rates.

    take_up_slope : share of offers a point. size_slope : money lent a point, of those who borrowed.
    arrears_slope : money late a point, of those who borrowed. elasticity : of take-up, at mean price and
    take-up. None where the log cannot tell. identified, why : whether price was random; where it was not,
    intervals are wider by `bias`. arrears_parts : see there. shape : a line beside a curve. above_standard :
    offers above the client's standard rate, in no other figure. policy_value : what a price rule would earn
    an offer; None where it cannot be told, which the notes say. curve : take-up along the price. balance :
    covariates that go with price most. strata : prices by stratum. posterior : what pricing and the
    environment draw from. written : the file it was kept in.
    """

    SCHEMA: ClassVar[str] = "loantwin.levers_fit/1"

    source: str
    name: str
    currency: str
    point: str
    offers: int
    taken_up: int
    take_up: float
    mean_rate: float
    within: tuple[str, ...]
    take_up_slope: Effect
    size_slope: Effect | None
    arrears_slope: Effect | None
    elasticity: Effect
    identified: bool
    why: str
    balance_probability: float | None
    balance: tuple[BalanceRow, ...]
    arrears_parts: ArrearsParts | None
    shape: Shape
    above_standard: Above | None
    policy_value: PolicyValue | None
    curve: tuple[DemandPoint, ...]
    strata: tuple[StratumRow, ...]
    posterior: Posterior
    written: str | None
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def levers_fit(
    offers: Path | str,
    format: Path | str,  # noqa: A002 - the command's own word
    *,
    within: Sequence[str] | None = None,
    rule: str | Path | None = None,
    band: float = BAND,
    out: Path | str | None = None,
    clock: Clock | None = None,
) -> LeversFitResult:
    """Learn what price does to take-up, size and arrears from a log of offers, within strata.

    Parameters
    ----------
    offers : a table, a row an offer: text, Excel or Parquet. format : the mapping of its columns, a TOML
        file.
    within : columns whose values make the strata in which price was drawn; None takes the mapping's.
    rule : what another price would have earned: a TOML file, `cut=POINTS` or `rate=RATE`; None takes
        `cut=1`, and tells no value where the log cannot. band : percentage points to each side of its rate
        in which offers stand for it.
    out : where the fitted levers are kept, JSON.

    Raises
    ------
    UsageError : no such file or column, a rule without overlap. MappingError : a mapping that is wrong.
    ConfigError : a rule that is wrong. TapeError : values that are none of their kind or unit. ModelError :
    a log without prices that differ within strata, or of which none or all were taken up.
    """
    if out is not None:
        check_target(Path(out), "out")
    mapping = read_offer_format(format)
    every = read_offers(offers, mapping, within)
    used = every.take(~every.beyond)
    drawn = randomised(used, mapping.randomised)
    found = fit_effects(used, drawn.identified)
    slope, elasticity = found.effect("take_up_slope"), found.effect("elasticity")
    if slope is None or elasticity is None:  # fit_effects always gives both
        raise ModelError(expected("a slope of take-up", "none"), field="take_up_slope")
    value, said = _value(used, mapping, rule, band, drawn.identified)
    notes = (*every.said, *_notes(used, drawn, found, mapping), *said)
    written = None
    if out is not None:
        written = write_levers(_kept(used, mapping, drawn, found, Path(offers).name), out).name
    return LeversFitResult(
        source=Path(offers).name,
        name=mapping.name,
        currency=mapping.currency,
        point=mapping.point,
        offers=len(used),
        taken_up=int(used.taken.sum()),
        take_up=float(used.taken.mean()),
        mean_rate=float(used.rate.mean() / mapping.points),
        within=used.within,
        take_up_slope=slope,
        size_slope=found.effect("size_slope"),
        arrears_slope=found.effect("arrears_slope"),
        elasticity=elasticity,
        identified=drawn.identified,
        why=drawn.why,
        balance_probability=drawn.probability,
        balance=drawn.rows,
        arrears_parts=_parts(found),
        shape=shape(used, slope),
        above_standard=above(every, slope),
        policy_value=value,
        curve=demand(used, slope, mapping.points),
        strata=_strata(used, mapping),
        posterior=Posterior(
            found.names,
            tuple(found.mean.tolist()),
            tuple(tuple(row) for row in found.covariance.tolist()),
            tuple(found.bias.tolist()),
        ),
        written=written,
        notes=notes,
        provenance={
            "program": f"loantwin {version('loantwin')}", "source": Path(offers).name,
            "sha256": every.sha256, "format": Path(format).name, "rule": None if rule is None else str(rule),
            "band": band, "days": None if every.days is None else " to ".join(every.days),
            "computed": (clock or SystemClock()).now().isoformat(),
        },
    )  # fmt: skip


def _value(
    offers: Offers, mapping: OfferFormat, rule: str | Path | None, band: float, identified: bool
) -> tuple[PolicyValue | None, tuple[str, ...]]:
    """Return a rule's value, None where the log cannot tell the default rule's; and what is said of it."""
    earned, said = profit(offers, mapping)
    if earned is None:
        if rule is not None:
            raise UsageError(f"expected a log that tells profit, was: {said[-1]}", field="rule")
        return None, said
    try:
        chosen = price_rule(DEFAULT if rule is None else rule, offers, mapping)
        return policy_value(offers, earned, chosen, band, identified=identified), said
    except UsageError as problem:
        if rule is not None or problem.field != "rule":
            raise
        return None, (*said, f"the value of {DEFAULT} is not shown: {problem.message}")


def _parts(found: Effects) -> ArrearsParts | None:
    if found.selection is None or found.burden is None:
        return None
    clear = [
        name
        for name, item in (("selection", found.selection), ("burden", found.burden))
        if item.low > 0.0 or item.high < 0.0
    ]
    why = (
        f"clear of 0: {' and '.join(clear)}"
        if clear
        else "both intervals hold 0: the log cannot say which of the two it is"
    )
    return ArrearsParts(found.selection, found.burden, bool(clear), why)


def _strata(offers: Offers, mapping: OfferFormat) -> tuple[StratumRow, ...]:
    made = []
    for stratum in np.unique(offers.stratum):
        own = offers.stratum == stratum
        rate = offers.rate[own] / mapping.points
        made.append(
            StratumRow(
                offers.name_of(int(stratum)), int(own.sum()), int(offers.taken[own].sum()),
                float(rate.min()), float(rate.mean()), float(rate.max()), len(np.unique(rate)),
            )
        )  # fmt: skip
    return tuple(made)


def _kept(offers: Offers, mapping: OfferFormat, drawn: Randomised, found: Effects, source: str) -> Levers:
    return Levers(
        found.names, found.mean, found.covariance, found.bias, mapping.rate_unit, mapping.periods,
        mapping.currency, float(offers.rate.min()), float(offers.rate.max()), drawn.identified, drawn.why,
        source, offers.sha256,
    )  # fmt: skip


def _notes(offers: Offers, drawn: Randomised, found: Effects, mapping: OfferFormat) -> tuple[str, ...]:
    said = [f"effects are of one {mapping.point}, within {' x '.join(offers.within) or 'one stratum'}"]
    said.append(
        f"errors are summed by {mapping.columns['cluster']}"
        if offers.clustered
        else "errors are robust to unequal spread"
    )
    if not drawn.identified:
        said.append(
            "effects are not taken as causes: covariates are held equal, and intervals are wider by what an "
            "unseen cause as strong as all of them together could do (assumed)"
            if drawn.covariates
            else "effects are not taken as causes: intervals are wider by what an unseen cause could do that "
            "explains 2 % of what is left of price and of the outcome (assumed)"
        )
    for name, words in (("size_slope", "size"), ("arrears_slope", "arrears")):
        if name not in found.names:
            said.append(
                f"{words} by price is not shown: too few borrowers at different prices, or no such column"
            )
    alone = [
        name for name in np.unique(offers.stratum) if len(np.unique(offers.rate[offers.stratum == name])) == 1
    ]
    if alone:
        said.append(f"{len(alone):,} strata have one price and tell nothing of its effect")
    return tuple(said)
