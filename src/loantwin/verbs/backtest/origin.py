"""One origin of a backtest: the twin fitted on what was known then, its forecasts by band, the rivals'."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from loantwin import months
from loantwin.arrays import Floats, Integers
from loantwin.book.schema import DEFAULT_STATES
from loantwin.engine.cells import Cells, SeverityMoves
from loantwin.engine.columns import LoanColumns, take
from loantwin.engine.expectation import conditional_flows
from loantwin.engine.path import Flows
from loantwin.macro.history import bridge, full_history
from loantwin.models.book_columns import live_loans
from loantwin.models.forecasting import draw_shocks
from loantwin.models.relevel import log_factors
from loantwin.outlook.combination import combined, counted
from loantwin.outlook.outlook import Economy, Outlook, without_covariates
from loantwin.outlook.redated import twin_at
from loantwin.outlook.rivals import on_book, task_of, unemployment_generated, unemployment_given
from loantwin.outlook.severity import severity_moves
from loantwin.outlook.workout import stock_in_default
from loantwin.performance import rivals
from loantwin.performance.backtest.apart import taken_apart
from loantwin.performance.backtest.origin import GENERATED, GIVEN, AtOrigin, Exposed, Predicted
from loantwin.performance.known import Known, known_history
from loantwin.performance.names import NamesBand, event_amounts, event_counts, share_noise
from loantwin.performance.outcomes import (
    BALANCE,
    CHARGE_OFFS,
    DEFAULTS,
    INTEREST,
    LOANS,
    MONEY,
    PREPAYMENT,
    Key,
    OnBook,
    happened,
    observable,
)
from loantwin.streams import Stream
from loantwin.streams import generator as random_of
from loantwin.twin import Twin
from loantwin.verbs.backtest.dates import closed_months

EXPOSED: Key = (CHARGE_OFFS, "exposure")
"""What loans that fail owe: no figure of its own, one factor of a loss."""
FLOOR_PATHS = 500
"""Most paths that the noise floor with period effects is simulated on."""


def at_origin(twin: Twin, date: dt.date, horizons: Sequence[int], paths: int, seed: int) -> AtOrigin:
    """Return the forecasts made at `date` with what was known then, and what came.

    Parameters
    ----------
    twin : the home's twin, whatever its own date. horizons : months, rising. paths : simulated. seed : of
        this origin.

    Raises
    ------
    InputError : no book or nothing to learn from at that date.
    """
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", UserWarning)
        then = twin_at(twin, date, own_level=True)
        outlook = Outlook(then)
        made = _forecast(outlook, tuple(horizons), paths, seed)
    said = tuple(dict.fromkeys(f"{date}: {item.message}" for item in heard))
    # what holds for every origin is said once, by `backtest`
    own = (note for note in outlook.notes if twin.macro_sources or note != without_covariates(then))
    return replace(made, notes=(*said, *(f"{date}: {note}" for note in own)))


def _forecast(outlook: Outlook, horizons: tuple[int, ...], paths: int, seed: int) -> AtOrigin:
    then = outlook.twin
    panel = then.tables.panel
    keys = observable(then.mapping, panel is not None and panel.height > 0)
    book, live_band = on_book(outlook)
    told = closed_months(outlook)
    closed = {
        mode: tuple(horizon for horizon in horizons if horizon <= reach)
        for mode, reach in ((GIVEN, told[1]), (GENERATED, told[0]))
    }
    ended = closed[GENERATED]
    actual = happened(then.tables.loans, panel, book, then.as_of, ended) if ended else {}
    known = known_history(
        then.known_loans, then.known_panel, then.mapping, then.as_of, outlook.history, book.bands
    )
    moved = log_factors(combined(outlook, known).relevel, then.model.parameters, max(horizons))
    predicted: dict[str, Predicted] = {}
    exposed: dict[str, Exposed] = {}
    rival: dict[str, dict[str, Mapping[Key, Floats]]] = {}
    rival_simulated: dict[str, dict[str, Mapping[Key, Floats]]] = {}
    for mode, windows in closed.items():
        if not windows:
            continue
        economy, unemployment = _economy(outlook, mode, windows[-1], paths, seed)
        predicted[mode], both, owed = _predicted(
            outlook, economy, book, live_band, keys, windows, known.unit, paths, seed, moved
        )
        exposed[mode] = Exposed(owed, _exposed(outlook, economy, windows, actual))
        made, spread = _rivals(outlook, known, live_band, len(book.bands), windows, unemployment, paths, seed)
        mean, mixed = rivals.equal_mean(predicted[mode].mean, predicted[mode].simulated, made, spread)
        rival[mode] = {**made, rivals.EQUAL_MEAN: mean, rivals.COMBINATION: both.mean}
        rival_simulated[mode] = {**spread, rivals.EQUAL_MEAN: mixed, rivals.COMBINATION: both.simulated}
    found = AtOrigin(
        date=then.as_of,
        bands=book.bands,
        loans=np.bincount(book.band, book.weight, minlength=len(book.bands)).astype(np.float64),
        closed=closed,
        actual=actual,
        events=_known_events(known),
        predicted=predicted,
        rival=rival,
        rival_simulated=rival_simulated,
        notes=(),
    )
    rows = {mode: taken_apart(found, mode, owed, closed[mode]) for mode, owed in exposed.items()}
    return replace(found, apart=rows)


def _exposed(
    outlook: Outlook, economy: Economy, windows: tuple[int, ...], actual: Mapping[Key, Floats]
) -> Floats:
    """Return what the loans that failed owed, whole book, cumulated to each window's end, (H,).

    A panel reports it. The charge-offs of an outcome table are given the exposure that their contracts leave
    in that month, as the forecast gives it to all loans; it is 0 for one whose contract has ended.
    """
    if (DEFAULTS, MONEY) in actual:
        return np.asarray(actual[DEFAULTS, MONEY].sum(axis=0))
    horizon, live = max(windows), live_loans(outlook.book, outlook.twin.model)
    own = live.select("loan_id").join(
        outlook.twin.tables.loans.select("loan_id", "charge_off_date", "charged_off"),
        on="loan_id",
        how="left",
        maintain_order="left",
    )
    lost = own["charge_off_date"].is_not_null() & (own["charged_off"] > 0).fill_null(False)
    day = own["charge_off_date"].fill_null(outlook.twin.as_of)
    month = months.months_of(day.to_numpy(), outlook.anchor).astype(np.int64) - outlook.month0
    failed = np.flatnonzero(lost.to_numpy() & (month >= 1) & (month <= horizon))
    if not failed.size:
        return np.zeros(len(windows))
    # one group a month: each loan is read in the month in which it failed, and counts as one case
    columns = replace(
        take(outlook.columns, failed), group=month[failed] - 1, weight=live["weight"].to_numpy()[failed]
    )
    cells = outlook.cells(economy, horizon, columns)
    owed = np.bincount(cells.group, cells.exposure[np.arange(len(cells.group)), cells.group], horizon)
    return np.asarray(owed.cumsum()[[window - 1 for window in windows]])


def _known_events(known: Known) -> dict[str, float]:
    both = known.lost_events + known.paid_events
    return {
        DEFAULTS: known.lost_events,
        CHARGE_OFFS: known.lost_events,
        PREPAYMENT: known.paid_events,
        BALANCE: both,
        INTEREST: both,
    }


def _economy(
    outlook: Outlook, mode: str, horizon: int, paths: int, seed: int
) -> tuple[Economy, tuple[Floats, int] | None]:
    """Return the economy ahead and, for the logistic rival, unemployment with its first month."""
    if mode == GIVEN:
        actual = bridge(full_history(outlook.twin.macro_sources))
        return outlook.given(actual, horizon), unemployment_given(outlook, actual, horizon)
    return outlook.simulated(horizon, paths, seed), unemployment_generated(outlook, horizon, paths, seed)


# --- the twin's own forecast
# ------------------------------------------------------------------------------------------


def _predicted(
    outlook: Outlook,
    economy: Economy,
    book: OnBook,
    live_band: Integers,
    keys: Sequence[Key],
    windows: tuple[int, ...],
    unit: float,
    paths: int,
    seed: int,
    moved: Floats,
) -> tuple[Predicted, Predicted, Floats]:
    """Return the twin's forecast, that of its paths with the combination's factors, and exposure.

    moved : (T, R) the factors' logs. The last is what loans that fail are expected to owe, by path, (P, H).
    """
    B, H = len(book.bands), len(windows)
    owed = np.zeros((paths, H))
    given = {key: np.zeros((paths, B, H)) for key in keys}
    simulated = {key: np.zeros((paths, B, H)) for key in keys}
    both_given, both = (
        {key: np.zeros((paths, B, H)) for key in keys},
        {key: np.zeros((paths, B, H)) for key in keys},
    )
    factors = np.exp(moved[: max(windows)])
    few = min(paths, FLOOR_PATHS)
    latent = {key: np.zeros((few, B, H)) for key in keys}
    covariates = economy.covariates
    if len(covariates) == 1:
        covariates = np.broadcast_to(covariates, (few, *covariates.shape[1:]))
    sure = np.ascontiguousarray(draw_shocks(outlook.twin.model, covariates[:few], seed, parameters=False))
    case = live_loans(outlook.book, outlook.twin.model)["weight"].to_numpy()
    dearer = severity_moves(outlook, economy) if (CHARGE_OFFS, MONEY) in keys else None
    fewer = dearer
    if dearer is not None and len(dearer.factor) > 1:
        fewer = SeverityMoves(dearer.factor[:few], dearer.kind)
    for band in range(B):
        mask = live_band == band
        random = random_of(seed, Stream.BACKTEST, place=101 + band)
        stock = (
            _stock(outlook, book, band, max(windows))
            if (CHARGE_OFFS, MONEY) in keys
            else np.zeros(max(windows))
        )
        if not mask.any():
            if (CHARGE_OFFS, MONEY) in keys:
                for item in (given, simulated, latent, both_given, both):
                    item[CHARGE_OFFS, MONEY][:, band] = stock.cumsum()[[window - 1 for window in windows]]
            continue
        columns = take(outlook.columns, mask)
        cells = outlook.cells(economy, max(windows), columns)
        about = _band(columns, float(case[mask].sum()), unit)
        shocks = outlook.drawn(economy, paths, seed, loans=mask)
        values = _figures(outlook, cells, economy, shocks, (*keys, EXPOSED), windows, stock, dearer)
        owed += values.pop(EXPOSED)
        noisy = _noisy(values, cells, about, windows, random)
        fixed = replace(economy, index=None)
        certain = _figures(outlook, cells, fixed, sure, keys, windows, stock, fewer)
        certain = _noisy(certain, cells, about, windows, random)
        leveled = _figures(outlook, cells, economy, shocks * factors, keys, windows, stock, dearer)
        random = random_of(seed, Stream.BACKTEST, place=301 + band)
        noisy_leveled = _noisy(leveled, cells, about, windows, random)
        for key in keys:
            both_given[key][:, band], both[key][:, band] = leveled[key], noisy_leveled[key]
            given[key][:, band], simulated[key][:, band], latent[key][:, band] = (
                values[key],
                noisy[key],
                certain[key],
            )
    return (
        Predicted({key: item.mean(axis=0) for key, item in given.items()}, given, simulated, latent),
        Predicted({key: item.mean(axis=0) for key, item in both_given.items()}, {}, both, {}),
        owed,
    )


def _band(columns: LoanColumns, loans: float, unit: float) -> NamesBand:
    size = columns.principal + columns.accrued_interest
    weight = columns.weight
    mean = float((weight * size).sum() / max(weight.sum(), 1e-300))
    square = float((weight * size**2).sum() / max(weight.sum(), 1e-300))
    variation = square / mean**2 - 1.0 if mean > 0 else 0.0
    cases = float((weight * size).sum() ** 2 / max(float(((weight * size) ** 2).sum()), 1e-300))
    return NamesBand(loans, unit, max(variation, 0.0), cases)


def _figures(
    outlook: Outlook,
    cells: Cells,
    economy: Economy,
    shocks: Floats,
    keys: Sequence[Key],
    windows: tuple[int, ...],
    stock: Floats,
    dearer: SeverityMoves | None,
) -> dict[Key, Floats]:
    """Return each figure expected by path, (P, H): flows to the end of each window, the balance at it."""
    model = outlook.twin.model
    index = economy.index_paths(cells, len(shocks))
    flows = conditional_flows(
        model.parameters, cells, model.lgd, shocks, index_paths=index, severity_moves=dearer
    )
    ends = [window - 1 for window in windows]

    def to_end(name: str, of: Flows = flows) -> Floats:
        return np.asarray(getattr(of, name)[:, 0].cumsum(axis=1)[:, ends])

    outcome = outlook.twin.model.default_name == "charged_off"
    made: dict[Key, Floats] = {}
    for key in keys:
        figure, measure = key
        if figure == DEFAULTS or key in ((CHARGE_OFFS, LOANS), EXPOSED):
            made[key] = to_end("defaulted_number" if measure == LOANS else "defaulted")
        elif figure == CHARGE_OFFS:
            made[key] = to_end("charged_off") + (0.0 if outcome else stock.cumsum()[ends])
        elif figure == BALANCE:
            made[key] = np.asarray(flows.balance[:, 0][:, ends])
        elif figure == INTEREST:
            made[key] = to_end("interest")
        elif measure == MONEY:
            made[key] = to_end("prepaid")
        else:
            made[key] = to_end(
                "prepaid", conditional_flows(model.parameters, counted(cells), model.lgd, shocks)
            )
    return made


def _noisy(
    values: Mapping[Key, Floats],
    cells: Cells,
    band: NamesBand,
    windows: tuple[int, ...],
    random: np.random.Generator,
) -> dict[Key, Floats]:
    """Return the figures with name noise, (P, H): amounts follow the counts drawn for the figure."""
    ends = [window - 1 for window in windows]
    made: dict[Key, Floats] = {}
    for figure in (DEFAULTS, CHARGE_OFFS, PREPAYMENT):
        if (figure, LOANS) in values:
            made[figure, LOANS] = event_counts(values[figure, LOANS], band, random)
    exposed = float((cells.exposure[:, 0]).sum() / max(cells.loans[:, 0].sum(), 1e-300))
    for key, value in values.items():
        figure = key[0]
        if key in made:
            continue
        if figure in (DEFAULTS, CHARGE_OFFS):
            source = figure if (figure, LOANS) in values else DEFAULTS
            if (source, LOANS) not in values:  # a panel that shows charge-offs and no defaults
                made[key] = value
                continue
            number = values[source, LOANS]
            size = float(value.sum() / max(number.sum(), 1e-300))
            severity = min(size / exposed, 1.0) if figure == CHARGE_OFFS and exposed > 0 else 1.0
            counts = made[source, LOANS] if figure == source else event_counts(number, band, random)
            made[key] = event_amounts(counts, number, value, band, severity, random)
        elif figure == BALANCE:
            made[key] = share_noise(
                value, cells.balance[:, [end + 1 for end in ends]].sum(axis=0), band.cases, random
            )
        elif figure == INTEREST:
            whole = cells.interest.sum(axis=0).cumsum()[ends]
            made[key] = share_noise(value, whole, band.cases, random, part=2.0 / 3.0)
        else:
            whole = np.full(len(ends), float(cells.balance[:, 0].sum()))
            made[key] = share_noise(value, whole, band.cases, random)
    return made


def _stock(outlook: Outlook, book: OnBook, band: int, horizon: int) -> Floats:
    """Return charge-offs still to come, by month (T,), from the band's loans in default at the origin."""
    in_default = pl.col("state").is_in(list(DEFAULT_STATES))
    own = pl.DataFrame({"loan_id": book.loan_id.filter(pl.Series(book.band == band))})
    mine = outlook.book.loans.join(own, on="loan_id", how="semi", maintain_order="left")
    if not mine.filter(in_default).height:
        return np.zeros(horizon)
    return stock_in_default(outlook, horizon, mine)[0]


# --- the rivals
# -------------------------------------------------------------------------------------------------------


def _rivals(
    outlook: Outlook,
    known: Known,
    live_band: Integers,
    bands: int,
    windows: tuple[int, ...],
    unemployment: tuple[Floats, int] | None,
    paths: int,
    seed: int,
) -> tuple[dict[str, dict[Key, Floats]], dict[str, dict[Key, Floats]]]:
    task = task_of(outlook, known, live_band, bands, windows, unemployment)
    made = rivals.forecasts(known, task)
    change = rivals.yearly_change(known)
    spread: dict[str, dict[Key, Floats]] = {}
    for number, (name, values) in enumerate(made.items()):
        random = random_of(seed, Stream.BACKTEST, place=501 + number)
        counted = [key for key in ((DEFAULTS, LOANS), (CHARGE_OFFS, LOANS)) if key in values]
        spread[name] = {
            key: rivals.spread(values[key], change, windows, known.unit, paths, random) for key in counted
        }
    return made, spread
