"""The simple forecasts a sceptic would name, from what was known at the origin: the twin must beat them.

All but the vintage curve state the monthly probability that a loan is lost, and that it is prepaid; `run_off`
turns those into every figure by the same arithmetic, on the same contracts, so that rivals differ in nothing
but their idea of the risk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.engine.cells import Cells
from loantwin.models.regression import fit_logistic, independent_prior
from loantwin.performance.known import AGES, YEAR, Known
from loantwin.performance.outcomes import (
    BALANCE,
    CHARGE_OFFS,
    DEFAULTS,
    INTEREST,
    LOANS,
    MONEY,
    PREPAYMENT,
    Key,
)

LAST_RATE = "last year's rate"
AGE_LEVEL = "age-standardised last level"
VINTAGE = "vintage curve"
ROLL_RATE = "roll-rate matrix"
LOGISTIC = "logistic regression"
COMBINATION = "combination"
"""3/4 of the twin and 1/4 of the mean of its rivals: the twin's own paths, re-levelled."""
EQUAL_MEAN = "equal mean"
"""The mean of twin and rivals, all alike."""
MEANS = (COMBINATION, EQUAL_MEAN)
"""Columns of a backtest that hold the twin: no rivals to be beaten, but shown and scored as they are."""
NAMES = (LAST_RATE, AGE_LEVEL, VINTAGE, ROLL_RATE, LOGISTIC)

AGE_ENDS = np.array([3, 6, 9, 12, 18, 24, 30, 36, 48, 60, 84, 120, AGES])
"""Age classes of the rivals end below these months."""
SHRINK = 10.0
"""Expected events that pull a segment's, and a vintage's, own factor towards 1."""
RIDGE = 2.0
"""Prior standard deviation of a logistic regression's dummies, log-odds: weak, yet nothing is infinite."""
PREPAYMENT_KEYS: tuple[Key, ...] = ((PREPAYMENT, LOANS), (PREPAYMENT, MONEY))


@dataclass(frozen=True)
class Task:
    """What a rival is asked: K cells of the book (`cells.group` the band), and the economy as it may see it.

    loans_band : bands' number. states : names of the model's live states, in the order of `cells.state`.
        horizons : months.
    unemployment : (M,) history up to the origin, first month `unemployment_first`, then (T,) ahead: given, or
        the mean of generated paths; None where no file holds it.
    segment_of : (S,) index in `Known.segments` of the model's segments, -1 where the history has none.
    """

    cells: Cells
    bands: int
    states: tuple[str, ...]
    horizons: tuple[int, ...]
    unemployment: Floats | None
    unemployment_first: int
    segment_of: Integers

    @property
    def months(self) -> int:
        """Return the longest horizon."""
        return max(self.horizons)

    @property
    def segment(self) -> Integers:
        """Return each cell's segment in the history's list."""
        return np.asarray(self.segment_of[self.cells.segment])

    @property
    def ages(self) -> Integers:
        """Return the age each cell reads in each month ahead, (K, T)."""
        return np.asarray(np.minimum(self.cells.age[:, None] + np.arange(1, self.months + 1)[None], AGES - 1))


Rival = Callable[[Known, Task], dict[Key, Floats] | None]


def forecasts(known: Known, task: Task) -> dict[str, dict[Key, Floats]]:
    """Return each rival's forecast of each figure it can make, (B, H); who does not apply is left out."""
    made = {name: rival(known, task) for name, rival in RIVALS.items()}
    return {name: values for name, values in made.items() if values is not None}


def equal_mean(
    twin: Mapping[Key, Floats],
    drawn: Mapping[Key, Floats],
    made: Mapping[str, Mapping[Key, Floats]],
    spread: Mapping[str, Mapping[Key, Floats]],
) -> tuple[dict[Key, Floats], dict[Key, Floats]]:
    """Return the mean of twin and rivals, (B, H) by figure, and draws of their mixture, (P, B, H).

    Parameters
    ----------
    twin : its means. drawn : its draws. made : rivals' forecasts by name, those of a figure they can make.
    spread : their draws, where they make intervals; a figure's mixture takes each path from one of them in
        turn, and is made where every rival that forecasts the figure makes draws.
    """
    mean: dict[Key, Floats] = {}
    mixed: dict[Key, Floats] = {}
    for key, own in twin.items():
        names = [name for name, values in made.items() if key in values]
        if not names:
            continue
        mean[key] = np.mean([own, *(made[name][key] for name in names)], axis=0)
        if all(key in spread.get(name, {}) for name in names):
            draws = [drawn[key], *(spread[name][key] for name in names)]
            turn = np.arange(len(drawn[key])) % len(draws)
            mixed[key] = np.stack(draws)[turn, np.arange(len(turn))]
    return mean, mixed


# --- the rivals
# -------------------------------------------------------------------------------------------------------


def last_years_rate(known: Known, task: Task) -> dict[Key, Floats]:
    """Return the rate of the last twelve months, carried on: one number for the whole book."""
    year = known.recent()
    at_risk = known.at_risk[year].sum()
    lost, paid = (_ratio(events[year].sum(), at_risk) for events in (known.lost, known.paid))
    shape = (len(task.cells.age), task.months)
    return run_off(known, task, np.full(shape, lost), _payoff(known, task, np.full(shape, paid)))


def age_standardised(known: Known, task: Task) -> dict[Key, Floats]:
    """Return an age curve by segment from all history, times the last twelve months' level against it."""
    lost, paid = (_leveled(known, task, events) for events in (known.lost, known.paid))
    return run_off(known, task, lost, _payoff(known, task, paid))


def vintage_curve(known: Known, task: Task) -> dict[Key, Floats]:
    """Return the development of cumulative rates by vintage: each band goes on along the curve of older ones.

    Increments m[a] (events at age a by loans that reached it, gone ones included) are volume weighted over
    vintages; a band's own factor is (events so far + 10) / (events the curve expects so far + 10): chain
    ladder for thick vintages, Bornhuetter and Ferguson (1972) for thin ones. Money goes by link ratios of
    balances by age (panels).
    """
    made: dict[Key, Floats] = {}
    key = (CHARGE_OFFS, LOANS) if known.money is None else (DEFAULTS, LOANS)
    made[key] = _developed(known, task, known.lost)
    if known.payoff is None:
        made[PREPAYMENT, LOANS] = _developed(known, task, known.paid)
    if known.money is None:
        made[CHARGE_OFFS, MONEY] = made[key] * _mean_exposure(task) * known.severity
    else:
        made |= _money_by_age(known, task)
    return made


def roll_rates(known: Known, task: Task) -> dict[Key, Floats] | None:
    """Return the state-by-state matrix of the last twelve months applied month after month: panels only."""
    if known.money is None:
        return None
    live = known.counts.live
    matrix = _matrix(known)
    place = {name: number for number, name in enumerate(known.counts.states)}
    where = np.zeros((len(task.cells.age), live))
    where[np.arange(len(where)), [place.get(task.states[state], 0) for state in task.cells.state]] = 1.0
    lost, paid = np.zeros((2, len(where), task.months))
    for month in range(task.months):
        alive = np.maximum(where.sum(axis=1), 1e-300)
        after = where @ matrix
        lost[:, month], paid[:, month] = after[:, live] / alive, after[:, live + 1] / alive
        where = after[:, :live]
    return run_off(known, task, lost, paid)


def logistic(known: Known, task: Task) -> dict[Key, Floats] | None:
    """Return a plain logistic regression on age classes, segment and unemployment, without a period."""
    if known.lost.sum() <= 0:
        return None
    lost = _regressed(known, task, known.lost)
    paid = (
        _regressed(known, task, known.paid)
        if known.payoff is None and known.paid.sum() > 0
        else np.zeros_like(lost)
    )
    return run_off(known, task, lost, _payoff(known, task, paid))


RIVALS: dict[str, Rival] = {
    LAST_RATE: last_years_rate,
    AGE_LEVEL: age_standardised,
    VINTAGE: vintage_curve,
    ROLL_RATE: roll_rates,
    LOGISTIC: logistic,
}


# --- from monthly probabilities to figures
# ----------------------------------------------------------------------------


def run_off(known: Known, task: Task, lost: Floats, paid: Floats) -> dict[Key, Floats]:
    """Return figures by band and window from monthly probabilities of loss and prepayment, (K, T) each.

    Charge-offs of a panel are its forecast defaults times charged off / defaulted of the last three years;
    prepaid money counts partial payments by last year's ratio; interest is the contract's.
    """
    cells, T = task.cells, task.months
    scale = np.maximum(lost + paid, 1.0)  # probabilities that sum to more than one are scaled back to one
    lost, paid = lost / scale, paid / scale
    stay = np.cumprod(1.0 - lost - paid, axis=1)
    start = np.concatenate([np.ones((len(lost), 1)), stay[:, :-1]], axis=1)
    gone, left = start * lost, start * paid
    exposed = gone * cells.exposure[:, :T]
    numbers = _by_band(task, gone * cells.loans[:, :T])
    money = _by_band(task, exposed)
    full = _by_band(task, left * cells.balance[:, :T])
    made: dict[Key, Floats] = {(PREPAYMENT, LOANS): _by_band(task, left * cells.loans[:, :T])}
    made[BALANCE, MONEY] = _by_band(task, stay * cells.balance[:, 1 : T + 1], at_end=True)
    made[INTEREST, MONEY] = _by_band(task, (stay + left) * cells.interest[:, :T])
    if known.money is None:
        made[CHARGE_OFFS, LOANS] = numbers
        made[CHARGE_OFFS, MONEY] = money * known.severity
        made[PREPAYMENT, MONEY] = full
        return made
    last = known.money
    made[DEFAULTS, LOANS], made[DEFAULTS, MONEY] = numbers, money
    made[CHARGE_OFFS, MONEY] = money * last.charge_off_share
    made[PREPAYMENT, MONEY] = full * (_ratio(last.last_prepaid, last.last_prepaid_in_full) or 1.0)
    return made


def _by_band(task: Task, values: Floats, at_end: bool = False) -> Floats:
    """Return values by cell and month (K, T) as (B, H): cumulated to windows' ends, or the last month."""
    total = np.zeros((task.bands, values.shape[1]))
    np.add.at(total, task.cells.group, values)
    whole = total if at_end else total.cumsum(axis=1)
    return np.asarray(whole[:, [horizon - 1 for horizon in task.horizons]])


def _payoff(known: Known, task: Task, paid: Floats) -> Floats:
    """Return prepayment to a rival: its own where payoff is observed, else the mapping's assumption."""
    return paid if known.payoff is None else known.payoff[task.ages - 1]


def _ratio(above: float, below: float) -> float:
    return float(above / below) if below > 0 else 0.0


# --- age curves
# -------------------------------------------------------------------------------------------------------


def age_class(age: Integers) -> Integers:
    """Return the class of each age, index into `AGE_ENDS`."""
    return np.asarray(np.searchsorted(AGE_ENDS, age, side="right").clip(0, len(AGE_ENDS) - 1))


def age_curve(known: Known, events: Floats) -> Floats:
    """Return events by loan-month in age classes, all history; one without loans reads the one before."""
    group = age_class(known.age)
    size = len(AGE_ENDS)
    happened, at_risk = (np.bincount(group, item, minlength=size) for item in (events, known.at_risk))
    curve = np.zeros(size)
    for place in range(size):
        before = curve[place - 1] if place else _ratio(events.sum(), known.at_risk.sum())
        curve[place] = happened[place] / at_risk[place] if at_risk[place] > 0 else before
    return curve


def _leveled(known: Known, task: Task, events: Floats) -> Floats:
    curve = age_curve(known, events)
    expected = known.at_risk * curve[age_class(known.age)]
    size = len(known.segments)
    own, usual = (
        np.bincount(known.segment, item, minlength=size) / known.unit for item in (events, expected)
    )
    factor = np.append(
        (own + SHRINK) / (usual + SHRINK), 1.0
    )  # the last one serves a segment the history lacks
    expected = expected * factor[known.segment]
    year = known.recent()
    level = _ratio(events[year].sum(), expected[year].sum())
    return np.asarray(level * factor[task.segment][:, None] * curve[age_class(task.ages)])


def yearly_change(known: Known, years: int = 15) -> float:
    """Return the root mean square yearly change of the log of the level against the age curve.

    What a rival may say of its own error: years with fewer than 5 expected events are left out; 0.5 where no
    pair of years is left.
    """
    expected = known.at_risk * age_curve(known, known.lost)[age_class(known.age)]
    back = (known.last - known.month) // YEAR
    there = (back >= 0) & (back < years)
    own, usual = (
        np.bincount(back[there], item[there], minlength=years) / known.unit for item in (known.lost, expected)
    )
    usable = usual >= 5.0
    level = np.log((own + 0.5) / (usual + 0.5))
    pair = usable[1:] & usable[:-1]
    return float(np.sqrt(np.mean(np.diff(level)[pair] ** 2))) if pair.any() else 0.5


# --- vintages
# ---------------------------------------------------------------------------------------------------------


def _developed(known: Known, task: Task, events: Floats) -> Floats:
    by_age = np.bincount(known.age, events, minlength=AGES)
    curve = np.divide(by_age, known.originated, out=np.zeros(AGES), where=known.originated > 0)
    known_ages = np.flatnonzero(known.originated > 0)
    if known_ages.size:  # beyond the oldest vintage: the mean of its last two years
        last = int(known_ages[-1])
        curve[last + 1 :] = curve[max(0, last - 23) : last + 1].mean()
    reached = np.concatenate([[0.0], np.cumsum(curve)])  # reached[a + 1]: expected by the end of age a
    ending = known.originated_band
    ages = np.arange(AGES)
    usual = ending @ reached[ages + 1] / known.unit
    own = _events_by_band(known, events, task.bands) / known.unit
    factor = (own + SHRINK) / (usual + SHRINK)
    made = np.zeros((task.bands, len(task.horizons)))
    for place, horizon in enumerate(task.horizons):
        ahead = reached[np.minimum(ages + horizon, AGES - 1) + 1] - reached[ages + 1]
        made[:, place] = factor * (ending @ ahead)
    return made


def _events_by_band(known: Known, events: Floats, bands: int) -> Floats:
    """Return known events by band of origination year; origination months are shared by their loans."""
    origin = known.last - (known.month - known.age)  # age now, of the loans whose event this was
    share = np.divide(
        known.originated_band, known.originated_band.sum(axis=0), out=np.zeros_like(known.originated_band),
        where=known.originated_band.sum(axis=0) > 0,
    )  # fmt: skip
    by_age_now = np.bincount(np.clip(origin, 0, AGES - 1), events, minlength=AGES)
    return np.asarray(share @ by_age_now)[:bands]


def _mean_exposure(task: Task) -> Floats:
    """Return the mean exposure of a loan by band over each window, (B, H)."""
    T = task.months
    exposure, loans = (_by_band(task, item) for item in (task.cells.exposure[:, :T], task.cells.loans[:, :T]))
    return np.divide(exposure, loans, out=np.zeros_like(exposure), where=loans > 0)


def _money_by_age(known: Known, task: Task) -> dict[Key, Floats]:
    money = known.money
    if money is None:
        return {}
    last_yield = _ratio(money.last_interest, money.last_start)
    link = _by_class(money.after, money.start, 1.0)
    prepaid = _by_class(money.prepaid, money.start, 0.0)
    ages = task.ages
    start = task.cells.balance[:, :1] * np.concatenate(
        [np.ones((len(ages), 1)), np.cumprod(link[ages], axis=1)], axis=1
    )  # fmt: skip
    defaults = _by_band(task, start[:, :-1]) * _ratio(money.last_defaulted, money.last_start)
    return {
        (BALANCE, MONEY): _by_band(task, start[:, 1:], at_end=True),
        (PREPAYMENT, MONEY): _by_band(task, start[:, :-1] * prepaid[ages]),
        (INTEREST, MONEY): _by_band(task, start[:, :-1]) * last_yield,
        (DEFAULTS, MONEY): defaults,
        (CHARGE_OFFS, MONEY): defaults * money.charge_off_share,
    }


def _by_class(above: Floats, below: Floats, missing: float) -> Floats:
    """Return the ratio by age, (A,), pooled in age classes; one without money reads the one before."""
    group = age_class(np.arange(AGES))
    top, bottom = (np.bincount(group, item, minlength=len(AGE_ENDS)) for item in (above, below))
    made = np.full(len(AGE_ENDS), missing)
    for place in range(len(AGE_ENDS)):
        made[place] = (
            top[place] / bottom[place] if bottom[place] > 0 else (made[place - 1] if place else missing)
        )
    return made[group]


# --- roll rates and regression
# ----------------------------------------------------------------------------------------


def _matrix(known: Known) -> Floats:
    """Return the last year's monthly matrix (live, live + 2): live states, default, prepaid."""
    counts = known.counts
    cells = counts.cells.filter(counts.cells["month"] > known.last - YEAR)
    live = counts.live
    made = np.zeros((live, live + 2))
    origin = cells["from_state"].to_numpy()
    for state in range(live):
        mine = origin == state
        at_risk = float(cells["at_risk"].to_numpy()[mine].sum())
        for place, target in enumerate(counts.states):
            name = f"moved_{target}"
            if name in cells.columns and place != state and at_risk > 0:
                made[state, place] = cells[name].to_numpy()[mine].sum() / at_risk
        made[state, state] = 1.0 - made[state].sum()
    return made


def _regressed(known: Known, task: Task, events: Floats) -> Floats:
    """Return fitted monthly probabilities ahead, (K, T); unpenalised but for a weak ridge on the dummies."""
    classes, segments = len(AGE_ENDS), len(known.segments)
    ahead = task.unemployment
    span = known.month - task.unemployment_first
    usable = known.at_risk > 0
    if ahead is not None:
        usable &= (span >= 0) & (span < len(ahead))
    group = np.stack([age_class(known.age), known.segment, known.month], axis=1)[usable]
    found, index = np.unique(group, axis=0, return_inverse=True)
    trials, happened = (
        np.bincount(index.ravel(), item[usable]) / known.unit for item in (known.at_risk, events)
    )
    happened = np.minimum(happened, trials)
    macro = np.zeros(len(found)) if ahead is None else ahead[found[:, 2] - task.unemployment_first]
    centre, scale = (float(macro.mean()), float(macro.std()) or 1.0) if ahead is not None else (0.0, 1.0)

    def design(age: Integers, segment: Integers, value: Floats) -> Floats:
        table = np.zeros((len(age), 2 + classes + segments))
        rows = np.arange(len(age))
        table[:, 0], table[:, 1] = 1.0, (value - centre) / scale
        table[rows, 2 + age] = 1.0
        there = segment >= 0
        table[rows[there], 2 + classes + segment[there]] = 1.0
        return table

    rate = np.clip(_ratio(happened.sum(), trials.sum()), 1e-9, 0.5)
    mean = np.concatenate([[np.log(rate / (1.0 - rate))], np.zeros(1 + classes + segments)])
    prior = independent_prior(mean, np.concatenate([[10.0, 10.0], np.full(classes + segments, RIDGE)]))
    fit = fit_logistic(design(found[:, 0], found[:, 1], macro), trials, happened, prior)
    ages, T = task.ages, task.months
    value = np.full(T, centre) if ahead is None else ahead[-T:]
    flat = design(age_class(ages).ravel(), np.repeat(task.segment, T), np.tile(value, len(ages)))
    return np.asarray(1.0 / (1.0 + np.exp(-(flat @ fit.coefficients)))).reshape(ages.shape)


def spread(
    forecast: Floats,
    change: float,
    horizons: Sequence[int],
    unit: float,
    paths: int,
    random: np.random.Generator,
) -> Floats:
    """Return counts (P, B, H) around a rival's forecast (B, H): Poisson, with the level's late dispersion.

    The level moves like a lognormal random walk whose yearly change has the root mean square `change`, one
    for the whole book.
    """
    years = np.sqrt(np.asarray(horizons, dtype=float) / YEAR)
    z = random.standard_normal((paths, 1, 1))
    size = change * years[None, None, :]
    return np.asarray(
        random.poisson(forecast[None] / unit * np.exp(size * z - 0.5 * size**2)) * unit, dtype=np.float64
    )
