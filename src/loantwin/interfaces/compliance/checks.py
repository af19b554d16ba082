"""The test of each rule: reads the evidence, returns what breaks the rule, by name.

A test that has nothing to look at says so (`gap`): the rule is then not applicable, and neither passed nor
failed. Tests read arrays that the program's own staging and measuring made, and hold them against the rule's
words; they share no code with what they test.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from loantwin.arrays import Flags
from loantwin.decisions.profiles import LegalRule, legal_rules
from loantwin.interfaces.compliance.evidence import Evidence
from loantwin.interfaces.compliance.law import breaks, crowded

SHOWN = 20
"""Breaches that are named; the rest is counted."""
CENT = 0.005
EXACT = 1e-9
THIRTY, NINETY = 30, 90
LEAST_PD = 0.0005


@dataclass(frozen=True)
class Outcome:
    """looked_at : loans, rows or figures. breaches : by name, at most `SHOWN`. count : of all.

    gap : why there was nothing to look at, else empty.
    """

    looked_at: int
    breaches: tuple[str, ...] = ()
    count: int = 0
    gap: str = ""


def _where(names: Sequence[str], bad: Flags, looked_at: int, words: str = "loan") -> Outcome:
    places = np.flatnonzero(bad)
    return Outcome(looked_at, tuple(f"{words} {names[place]}" for place in places[:SHOWN]), len(places))


def _told(found: Sequence[str], looked_at: int) -> Outcome:
    return Outcome(looked_at, tuple(found[:SHOWN]), len(found))


def _gap(words: str) -> Outcome:
    return Outcome(0, gap=words)


NO_ARREARS = "the source tells no arrears"


def ifrs9_lifetime(e: Evidence) -> Outcome:
    """Stage 2: its gross allowance is the sum of its loans' lifetime losses, to the cent."""
    return _stage(e, 2, "2")


def ifrs9_twelve_months(e: Evidence) -> Outcome:
    """Stage 1: its gross allowance is the sum of its loans' 12-month losses, to the cent."""
    return _stage(e, 1, "1")


def _stage(e: Evidence, stage: int, name: str) -> Outcome:
    poci = e.book.standing.credit_impaired_at_origination
    inside = e.staged.stages.stage == stage
    if poci is not None:
        inside &= ~poci
    if not inside.any():
        return _gap(f"no loan in stage {name}")
    loss = e.twelve_month if stage == 1 else e.lifetime
    wanted = float(loss[inside] @ e.book.columns.weight[inside])
    was = e.ifrs9.by_stage[name].allowance_gross
    near = abs(was - wanted) <= max(CENT, EXACT * abs(wanted))
    words = f"stage {name}: allowance {was:,.2f}, its loans' losses {wanted:,.2f}"
    return _told([] if near else [words], int(inside.sum()))


def ifrs9_since_recognition(e: Evidence) -> Outcome:
    """No loan is in stage 1 whose lifetime PD has risen since recognition by both thresholds."""
    settings, found = e.twin.config.ifrs9, e.staged
    risen = (found.pd >= settings.lifetime_pd_ratio * found.origination) & (
        found.pd - found.origination >= settings.lifetime_pd_difference
    )
    return _where(e.names, risen & (found.stages.stage == 1), len(found.pd))


def ifrs9_thirty_days(e: Evidence) -> Outcome:
    """No loan that is more than 30 days past due is in stage 1."""
    if not e.book.standing.delinquency:
        return _gap(NO_ARREARS)
    late = np.nan_to_num(e.book.standing.days_past_due) > THIRTY
    return _where(e.names, late & (e.staged.stages.stage == 1), int(late.sum()))


def ifrs9_ninety_days(e: Evidence) -> Outcome:
    """No loan that is 90 days past due or more, or in default, is outside stage 3."""
    if not e.book.standing.delinquency:
        return _gap(NO_ARREARS)
    standing = e.book.standing
    bad = standing.defaulted | (np.nan_to_num(standing.days_past_due) >= NINETY)
    return _where(e.names, bad & (e.staged.stages.stage != 3), int(bad.sum()))


def ifrs9_probability_weighted(e: Evidence) -> Outcome:
    """Weights sum to 1 and the allowance is the weighted sum of the scenarios', to the cent."""
    parts = e.ifrs9.by_scenario
    weight = sum(item.weight for item in parts.values())
    total = sum(item.weight * item.allowance for item in parts.values())
    found = [] if abs(weight - 1.0) <= EXACT else [f"weights sum to {weight:.9f}"]
    if abs(total - e.ifrs9.allowance) > max(CENT, EXACT * abs(total)):
        found.append(f"allowance {e.ifrs9.allowance:,.2f}, weighted {total:,.2f}")
    return _told(found, len(parts))


def ifrs9_time_value(e: Evidence) -> Outcome:
    """A live loan with an effective rate above 0 and a lifetime loss has another one without discount.

    Not a lower one: what is recovered late is worth less at default, so that discount can raise a loss.
    """
    rate, plain = e.book.columns.effective_annual_rate, e.undiscounted_lifetime
    live = ~e.book.standing.defaulted & (rate > 0.0) & (plain > 0.0)
    if not live.any():
        return _gap("no live loan with an effective rate and a loss")
    return _where(
        e.names,
        live & (np.abs(e.lifetime / np.where(plain > 0.0, plain, 1.0) - 1.0) < EXACT),
        int(live.sum()),
    )


def ifrs9_some_loss(e: Evidence) -> Outcome:
    """Every live loan with a balance has a lifetime loss above 0."""
    live = ~e.book.standing.defaulted & (e.book.columns.principal > 0.0)
    return _where(e.names, live & (e.lifetime <= 0.0), int(live.sum()))


def ifrs9_never_negative(e: Evidence) -> Outcome:
    """No loan's allowance is negative, loans bought or made credit-impaired excepted."""
    stage = e.staged.stages.stage
    made = np.where(stage == 1, e.twelve_month, np.where(stage == 2, e.lifetime, e.staged.losses.defaulted))
    poci = e.book.standing.credit_impaired_at_origination
    counted = np.ones(len(made), dtype=np.bool_) if poci is None else ~poci
    return _where(e.names, counted & (made < 0.0), int(counted.sum()))


def ifrs9_interest_on_net(e: Evidence) -> Outcome:
    """Stage 3 accrues interest on its exposure less its gross allowance."""
    basis, part = e.ifrs9.interest.get("3"), e.ifrs9.by_stage.get("3")
    if basis is None or part is None:
        return _gap("no loan in stage 3")
    wanted = part.exposure - part.allowance_gross
    words = f"stage 3 accrues on {basis.carrying_amount:,.2f}, net is {wanted:,.2f}"
    near = basis.basis == "net" and abs(basis.carrying_amount - wanted) <= max(CENT, EXACT * abs(wanted))
    return _told([] if near else [words], part.loans)


def cecl_lifetime(e: Evidence) -> Outcome:
    """Every pool with an exposure carries an allowance, and the pools' sum is the book's."""
    pools = e.cecl.by_pool
    found = [
        f"pool {name}: exposure {item.exposure:,.2f}, no allowance"
        for name, item in pools.items()
        if item.exposure > 0.0 and item.allowance_gross == 0.0
    ]
    total = sum(item.allowance for item in pools.values())
    if abs(total - e.cecl.allowance) > max(CENT, EXACT * abs(total)):
        found.append(f"allowance {e.cecl.allowance:,.2f}, pools {total:,.2f}")
    return _told(found, len(pools))


def cecl_reversion(e: Evidence) -> Outcome:
    """In the last month of the longest life every path stands at the historical level."""
    last, history = e.after_reversion
    off = np.abs(last / history - 1.0).max(axis=1) > EXACT
    return _where([str(place) for place in range(len(last))], off, len(last), "path")


def basel_pd_floor(e: Evidence) -> Outcome:
    """No PD that a risk weight uses is below 0.05 %."""
    loans, amounts = e.internal
    alive = ~loans.defaulted
    return _where(e.names, alive & (amounts.pd < LEAST_PD), int(alive.sum()))


def basel_net_of_provisions(e: Evidence) -> Outcome:
    """By class risk-weighted assets are weight x exposure at default; the classes' sum is the book's."""
    made = e.capital.approaches["standardised"]
    found = [
        f"class {name}: {item.rwa:,.2f}, weight x exposure {item.risk_weight * item.ead:,.2f}"
        for name, item in made.by_class.items()
        if item.risk_weight is not None
        and abs(item.rwa - item.risk_weight * item.ead) > max(CENT, EXACT * item.rwa)
    ]
    total = sum(item.rwa for item in made.by_class.values())
    if abs(total - made.rwa) > max(CENT, EXACT * total):
        found.append(f"risk-weighted assets {made.rwa:,.2f}, classes {total:,.2f}")
    return _told(found, len(made.by_class))


def china_ninety_days(e: Evidence) -> Outcome:
    """More than 90 days past due: at least substandard."""
    return _graded(e, 90, "substandard")


def china_270_days(e: Evidence) -> Outcome:
    """More than 270 days past due: at least doubtful."""
    return _graded(e, 270, "doubtful")


def china_360_days(e: Evidence) -> Outcome:
    """More than 360 days past due: loss."""
    return _graded(e, 360, "loss")


def _graded(e: Evidence, days: int, least: str) -> Outcome:
    if not e.book.standing.delinquency:
        return _gap(NO_ARREARS)
    late = np.nan_to_num(e.book.standing.days_past_due) > days
    if not late.any():
        return _gap(f"no loan more than {days} days past due")
    grade, names = e.grades
    return _where(e.names, late & (grade < names.index(least)), int(late.sum()))


def us_model_outcomes(e: Evidence) -> Outcome:
    """A backtest of this very model is on record."""
    words = "no backtest of this model is on record: run `loantwin backtest`"
    return _told([] if e.record is not None else [words], 1)


us_model_outcomes_2011 = us_model_outcomes


def house_as_of(e: Evidence) -> Outcome:
    """No date in the known loans or panel, but a contract's own end, lies after the as-of date."""
    day, found, looked = e.twin.as_of, [], 0
    for label, frame in zip(("loans", "panel"), e.known, strict=True):
        if frame is None:
            continue
        for name, kind in frame.schema.items():
            if kind != pl.Date or name in FUTURE:
                continue
            looked += frame.height
            late = frame.filter(pl.col(name) > day)
            if late.height:
                found.append(f"{label}.{name}: {late.height:,} later than {day.isoformat()}")
    return _told(found, looked)


FUTURE = ("maturity_date", "next_reset_date", "approval_date", "origination_date")
"""Dates that a contract fixes ahead, or that say that a loan is not yet on the book."""


def house_every_row(e: Evidence) -> Outcome:
    """Rows read are rows accepted and rows rejected."""
    told = e.twin.loaded.data
    read = int(told.get("rows_read", 0))
    tables = e.twin.tables
    panel = tables.panel
    if panel is not None and panel.height:
        return _gap("a panel: rows are folded into loans and months, `tape check` counts them")
    kept = tables.loans.height
    rejected = 0
    if "quarantine_blob" in told:
        rejected = e.twin.home.read_frame(told["quarantine_blob"])["row"].n_unique()
    words = f"{read:,} rows read, {kept:,} accepted and {rejected:,} rejected"
    return _told([] if read == kept + rejected else [words], read)


def house_log(e: Evidence) -> Outcome:
    """The log verifies."""
    return _told([] if e.log.ok else list(e.log.problems) or ["not whole"], e.log.events)


def house_identity(e: Evidence) -> Outcome:
    """Means of a forecast close: opening + in - out = closing, month by month."""
    if e.forecast.months[0].balance is None:
        return _gap("balances are not forecast")
    before, found = e.forecast.opening_balance, []
    for month in e.forecast.months:
        parts = {name: getattr(month, name) for name in ("balance", *INFLOWS, *OUTFLOWS)}
        if any(item is None for item in parts.values()):
            return _gap("a flow is not observable in this source")
        mean = {name: item.mean for name, item in parts.items()}
        made = before + sum(mean[name] for name in INFLOWS) - sum(mean[name] for name in OUTFLOWS)
        if abs(made - mean["balance"]) > max(CENT, EXACT * abs(before)):
            found.append(f"{month.month}: flows give {made:,.2f}, balance {mean['balance']:,.2f}")
        before = mean["balance"]
    return _told(found, len(e.forecast.months))


INFLOWS = ("new", "drawn", "arrears_interest")
OUTFLOWS = ("scheduled_principal", "prepaid", "exited", "defaulted")


def house_twice(e: Evidence) -> Outcome:
    """Figures of the kernels and of the NumPy statement agree to 1e-9."""
    if not e.remade:
        return _gap("no live loan")
    found = [
        f"{item.figure}: {item.program:,.6g} against {item.oracle:,.6g}"
        for item in e.remade
        if abs(item.difference) > EXACT
    ]
    return _told(found, len(e.remade))


def law_kept(rule: LegalRule) -> Callable[[Evidence], Outcome]:
    """Return the test of a rule of law: recorded decisions, or contacts, that it forbids."""

    def decided(e: Evidence) -> Outcome:
        """No recorded decision, of the days in force, is one that the rule forbids."""
        there = [item for item in e.decisions if rule.holds(item.day)]
        if not there:
            return _gap("no decision of its days is on record: `loantwin decide --record`")
        return _told([f"decision {item.number}" for item in there if breaks(rule, item)], len(there))

    def contacted(e: Evidence) -> Outcome:
        """No case of collections was contacted more often within the rule's days than it allows."""
        if not len(e.contacts):
            return _gap("no contact is on record: `loantwin process run DIR collections`")
        return _told([f"case {name}" for name in crowded(rule, e.contacts)], len(e.contacts))

    return contacted if rule.actions else decided


def check_of(rule: str) -> Callable[[Evidence], Outcome]:
    """Return the test of a rule by its id.

    Raises
    ------
    KeyError : a rule without one, a fault of the register.
    """
    legal = {item.id: item for item in legal_rules()}
    if rule in legal:
        return law_kept(legal[rule])
    found = globals().get(rule.replace("-", "_"))
    if not callable(found):
        raise KeyError(rule)
    return found  # type: ignore[no-any-return]  # a function of this file
