"""What a twin's past tells CECL's loss-rate methods: charge-offs, losses by vintage's age, roll rates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from loantwin import months
from loantwin.arrays import Floats, Integers
from loantwin.book.as_of import book_at
from loantwin.book.schema import CLOSED_STATES, DEFAULT_STATES
from loantwin.book.segments import segment_labels
from loantwin.errors import InputError
from loantwin.models.counts import segment_codes
from loantwin.models.transitions import POOLED
from loantwin.outlook.outlook import Outlook
from loantwin.risk.provisions.cecl_methods import LossHistory
from loantwin.twin import Twin

LEAST_CHARGE_OFFS = 30
"""Charge-offs from which a pool's own rate is read."""
STATES = ("current", "dpd_1_29", "dpd_30_59", "dpd_60_89", "default")
"""States of the roll-rate table; forborne and cured loans roll as current ones."""
YEAR = 12


def loss_history(outlook: Outlook) -> LossHistory:
    """Return what was known at the as-of date, over the configured months of history."""
    twin = outlook.twin
    span = twin.config.cecl.history_months
    loans = with_losses(twin)
    rate, pools, warm_words, years = _charge_off_rates(twin, loans, span)
    past = _vintages(twin, loans)
    roll, roll_words = _rolls(twin, span)
    lost = loans.filter(pl.col("\nlost") > 0)
    back = float((lost["recovered"].fill_null(0.0) * lost["weight"]).sum())
    gone = float((lost["charged_off"] * lost["weight"]).sum())
    return LossHistory(
        charge_off_rate=rate,
        pool_rates=pools,
        vintage_loss=past.loss,
        ahead=past.ahead,
        roll=roll,
        recovered=min(back / gone, 1.0) if gone > 0.0 else 0.0,
        state=None if roll is None else _state_codes(outlook.book.loans["state"]),
        words={"warm": warm_words, "vintage": past.words, "roll-rate": roll_words},
        charge_offs=lost.height,
        years=years,
        roll_months=span if roll is not None else 0,
        beyond=past.beyond,
        year_ahead=past.year_ahead,
    )


def with_losses(twin: Twin) -> pl.DataFrame:
    """Return the known loans with `\\nlost`, net charge-off with its recoveries so far, and `\\npool`."""
    known = twin.known_loans
    start = twin.mapping.assumptions.get("fit_from_vintage")
    if start is not None:  # earlier vintages are a remnant chosen by outcome
        known = known.filter(
            (pl.col("origination_date") >= dt.date(int(float(start)), 1, 1)).fill_null(False)
        )
    lost = (pl.col("charged_off").fill_null(0.0) - pl.col("recovered").fill_null(0.0)).clip(lower_bound=0.0)
    dated = pl.col("charge_off_date").is_not_null()
    labels = segment_labels(known, twin.mapping)
    codes, _ = segment_codes(labels, twin.model.parameters.segments)
    names = np.array(twin.model.parameters.segments)
    pooled = names[np.where(codes < 0, twin.model.parameters.segments.index(POOLED), codes)]
    return known.with_columns(
        pl.when(dated).then(lost).otherwise(0.0).alias("\nlost"), pl.Series("\npool", pooled)
    )


def _charge_off_rates(
    twin: Twin, loans: pl.DataFrame, span: int
) -> tuple[float | None, dict[str, float], str, int]:
    """Return annual net charge-offs over average balance, of the book and of pools with enough of them, and
    the years they are of.
    """
    years = max(span // YEAR, 1)
    books, used = [], 0
    for back in range(years):
        date = months.add_months(twin.as_of, -YEAR * (back + 1))
        try:
            book = book_at(twin.tables.loans, twin.tables.panel, twin.mapping, date)
        except InputError:  # no report, or no fact, of that time: history starts later
            break
        if not book.loans.height:
            break
        labels = segment_labels(book.loans, twin.mapping)
        amount = pl.col("principal") * pl.col("weight") * pl.col("on_book_probability").fill_null(1.0)
        books.append(book.loans.select(labels.alias("\npool"), amount.alias("\namount")))
        used += 1
    if not used:
        return None, {}, "", 0
    first = months.add_months(twin.as_of, -YEAR * used)
    inside = loans.filter((pl.col("charge_off_date") > first) & (pl.col("\nlost") > 0))
    balance = pl.concat(books)
    total = float(balance["\namount"].sum())
    if not total > 0.0:
        return None, {}, "", 0
    amount = pl.col("\nlost") * pl.col("weight")
    stood = _by_pool(balance["\npool"], balance["\namount"])
    charged = _by_pool(inside["\npool"], inside.select(amount.alias("\nlost")).to_series())
    pools = {
        name: lost / stood[name][0]
        for name, (lost, count) in charged.items()
        if count >= LEAST_CHARGE_OFFS and name in stood and stood[name][0] > 0
    }
    rate = float(inside.select(amount.sum()).item()) / total
    words = (
        f"{inside.height} charge-offs in {used} years to {twin.as_of} over balances at their starts: "
        f"{100 * rate:.2f} % a year; {len(pools)} pools with {LEAST_CHARGE_OFFS} or more have their own rate"
    )
    return rate, pools, words, used


def _by_pool(pools: pl.Series, amount: pl.Series) -> dict[str, tuple[float, int]]:
    """Return the sum of amounts and the number of rows of each pool, added up in row order."""
    names, place = np.unique(pools.to_numpy(), return_inverse=True)
    total, count = np.bincount(place, amount.to_numpy(), len(names)), np.bincount(place, minlength=len(names))
    return {str(name): (float(total[i]), int(count[i])) for i, name in enumerate(names)}


@dataclass(frozen=True)
class _Vintages:
    """Net loss by age per amount originated (A,), amounts ahead by pool, within a year, share beyond A."""

    loss: Floats | None = None
    ahead: Mapping[str, Floats] = field(default_factory=dict)
    words: str = ""
    beyond: float = 0.0
    year_ahead: Floats | None = None


def _vintages(twin: Twin, loans: pl.DataFrame) -> _Vintages:
    """Return net loss by age per amount originated, and amounts whose term runs on, by pool and age."""
    anchor = months.anchor_day(twin.as_of)
    now = months.month_of(twin.as_of, anchor)
    closed = loans.filter(pl.col("closed_date").is_not_null() | pl.col("charge_off_date").is_not_null())
    dated = loans.filter(pl.col("origination_date").is_not_null() & pl.col("term_months").is_not_null())
    if twin.mapping.kind == "snapshot" or not closed.height or not (loans["\nlost"] > 0).any():
        return _Vintages()
    start = months.months_of(dated["origination_date"].to_numpy(), anchor).astype(np.int64)
    age = np.maximum(now - start, 0)
    lent = (
        dated.select(pl.coalesce("originated_amount", "approved_amount").fill_null(0.0) * pl.col("weight"))
        .to_series()
        .to_numpy()
    )
    lost = (dated["\nlost"] * dated["weight"]).to_numpy()
    day = dated["charge_off_date"].fill_null(twin.as_of)
    at = np.clip(months.months_of(day.to_numpy(), anchor).astype(np.int64) - start, 0, None)
    size = int(age.max(initial=0)) + 1
    losses = np.bincount(at, weights=lost, minlength=size)[:size]
    seen = np.cumsum(np.bincount(age, weights=lent, minlength=size)[::-1])[::-1]
    rate = np.divide(losses, seen, out=np.zeros(size), where=seen > 0.0)
    term = dated["term_months"].to_numpy().astype(np.int64)
    in_default = (
        dated["state"].is_in(list(DEFAULT_STATES)).fill_null(False).to_numpy()
        if "state" in dated.columns
        else False
    )
    runs = (term > age) & ~np.asarray(in_default)
    kept = 1.0 - dated["guaranteed_share"].fill_null(0.0).to_numpy()
    pool = dated["\npool"].to_numpy()
    ahead = {}
    for name in np.unique(pool[runs]):
        own = runs & (pool == name)
        whole, net = (_ages_ahead(age[own], term[own], amount[own], size) for amount in (lent, lent * kept))
        ahead[str(name)] = np.stack([whole, net])
    words = (
        f"{int((lost > 0).sum())} charge-offs of {dated.height} loans by age, ages up to {size - 1} months "
        f"seen; cumulative loss to that age {100 * rate.sum():.2f} % of what was lent; ages never seen add "
        "nothing"
    )
    lasting = term > age
    next_year = _ages_ahead(age[lasting], np.minimum(term, age + YEAR)[lasting], lent[lasting], size)
    left = float((lent * (term - age))[runs].sum())
    seen_ahead = sum(float(whole[0].sum()) for whole in ahead.values())
    beyond = max(1.0 - seen_ahead / left, 0.0) if left > 0.0 else 0.0
    return _Vintages(rate, ahead, words, beyond, next_year)


def _ages_ahead(age: Integers, term: Integers, amount: Floats, size: int) -> Floats:
    """Return what will stand at each age ahead, (A,): from the next month to the term's last."""
    steps = np.zeros(size + 1)
    np.add.at(steps, np.minimum(age + 1, size), amount)
    np.add.at(steps, np.minimum(term + 1, size), -amount)
    return np.cumsum(steps)[:size]


def _rolls(twin: Twin, span: int) -> tuple[Floats | None, str]:
    """Return average monthly roll rates by amount, (S, S + 2): to each state, charged off, paid."""
    panel = twin.known_panel
    if panel is None or "principal" not in panel.columns or panel["state"].n_unique() < 3:
        return None, ""
    since = months.add_months(twin.as_of, -span)
    rows = panel.filter(pl.col("report_date") >= since).select(
        "loan_id", "report_date", "state", pl.col("principal").fill_null(0.0)
    )
    weights = twin.known_loans.select("loan_id", "weight")
    rows = rows.join(weights, on="loan_id", how="inner", maintain_order="left")
    rows = rows.sort("loan_id", "report_date").with_columns(
        pl.col("state").shift(-1).over("loan_id").alias("\nnext"),
        pl.col("principal").shift(-1).over("loan_id").alias("\nafter"),
    )
    rows = rows.filter(
        pl.col("\nnext").is_not_null()
        & ~pl.col("state").is_in(list(CLOSED_STATES))
        & (pl.col("principal") > 0)
    )
    if not rows.height:
        return None, ""
    size = len(STATES)
    source, target = _state_codes(rows["state"]), _state_codes(rows["\nnext"])
    weight = rows["weight"].to_numpy()
    amount = rows["principal"].to_numpy() * weight
    lost = (rows["\nnext"] == "charged_off").to_numpy()
    stays = np.where(target >= 0, np.minimum(rows["\nafter"].fill_null(0.0).to_numpy() * weight, amount), 0.0)
    moved = np.zeros((size, size + 2))
    np.add.at(moved, (source, np.maximum(target, 0)), stays)
    np.add.at(moved[:, size], source, np.where(lost, amount, 0.0))
    np.add.at(moved[:, size + 1], source, np.where(lost, 0.0, amount - stays))
    whole = moved.sum(axis=1, keepdims=True)
    roll = np.divide(moved, whole, out=np.zeros_like(moved), where=whole > 0.0)
    roll[whole[:, 0] == 0.0, size + 1] = 1.0  # a state never seen rolls nowhere: said in the words
    unseen = [name for name, amount_ in zip(STATES, whole[:, 0], strict=True) if amount_ == 0.0]
    words = f"{rows.height:,} loan-months since {since}" + (
        f"; never seen: {', '.join(unseen)}" if unseen else ""
    )
    return roll, words


def _state_codes(states: pl.Series) -> Integers:
    """Return rows of the roll-rate table, -1 for closed states."""
    codes = dict.fromkeys(CLOSED_STATES, -1) | dict.fromkeys(DEFAULT_STATES, STATES.index("default"))
    codes |= {name: place for place, name in enumerate(STATES)}
    return np.asarray(states.replace_strict(codes, default=0, return_dtype=pl.Int64).to_numpy())
