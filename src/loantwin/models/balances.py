"""How balances scatter about their contracts: moves that no schedule tells, learnt from a panel.

Between two reports a live loan's balance moves from `opening` to `closing`. What is expected of it is the
contract's principal where the loan is current at the end or has got better, nothing where it is late; a
line stands still. The rest is a move, a decimal of the loan's size: of the limit for lines, of the opening
balance for loans. Moves are kept as quantiles by class of what happened, by how full the loan is and by its
last move, each cell mixed with the one above it where it has few cases (`CASES`). A draw from the quantiles
gives moves back as they came: the many that are zero, the few that are large.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from loantwin.arrays import Floats, Integers
from loantwin.book.schema import DEFAULT_STATES

CLASSES = ("stays_current", "gets_worse", "stays_late", "gets_better")
FILL = (0.01, 0.1, 0.3, 0.5, 0.7, 0.85, 0.95, 1.02)
"""Upper ends of the bands of balance / size at the month's start; the last band is open."""
LAST = (-0.1, -0.02, -1e-9, 1e-9, 0.02, 0.1)
"""Upper ends of the bands of the last move; the last band is open, and one more is for none known."""
QUANTILES = 101
CASES = 60.0
"""Cases a cell needs to count as much as the one above it."""
LEAST = 200
"""Fewer moves than this tell nothing: balances then follow their contracts."""
LINE = "revolving"
KINDS = ("line", "loan")
"""Kinds of loans with moves of their own, in the order of the tables that kernels read."""
KINDS = ("line", "loan")
"""Kinds of loans with moves of their own, in the order of the tables that kernels read."""


@dataclass(frozen=True)
class BalanceMoves:
    """Quantiles of moves, by kind of loan: "line" for revolving ones, "loan" for the others.

    quantiles : kind -> (classes, fill bands, last-move bands, QUANTILES) moves, decimals of the size.
    cases : kind -> moves learnt from. Kinds with fewer than LEAST are absent.
    """

    quantiles: Mapping[str, Floats]
    cases: Mapping[str, int]

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> BalanceMoves:
        """Return the moves that plain data state."""
        quantiles = {name: np.array(value, dtype=float) for name, value in document["quantiles"].items()}
        return cls(quantiles, {name: int(value) for name, value in document["cases"].items()})


def fit_balances(panel: pl.DataFrame, loans: pl.DataFrame) -> BalanceMoves | None:
    """Return the moves of a panel, as known; None where no kind of loan has enough.

    Parameters
    ----------
    panel : rows by loan and month with `principal` and `state`; rows without either are passed over.
    loans : the loan table: product, term, rate and amounts.
    """
    moves = _moves(panel, loans)
    quantiles, cases = {}, {}
    for kind, own in (("line", moves.filter(pl.col("line"))), ("loan", moves.filter(~pl.col("line")))):
        if own.height >= LEAST:
            cases[kind] = own.height
            quantiles[kind] = _quantiles(own)
    return BalanceMoves(quantiles, cases) if cases else None


def classes_of(before: Integers, after: Integers) -> Integers:
    """Return the class of a move between two live states, indices in order of arrears; as `CLASSES`."""
    late = np.where(after > before, 1, np.where(after == before, 2, 3))
    return np.asarray(np.where((before == 0) & (after == 0), 0, late))


def fill_band(share: Floats) -> Integers:
    """Return the band of balance / size."""
    return np.searchsorted(np.array(FILL), share, side="right")


def last_band(move: Floats) -> Integers:
    """Return the band of the last move; a NaN, none known, has the band after the last."""
    return np.where(np.isnan(move), len(LAST) + 1, np.searchsorted(np.array(LAST), move, side="right"))


def drawn_moves(table: Floats, cell: tuple[Integers, Integers, Integers], uniform: Floats) -> Floats:
    """Return moves (N,), as `outlook.kernels.balance_paths` draws them, at levels `uniform` in
    [0, 1) of each one's cell (class, fill, last), linear between.
    """
    at = uniform * (QUANTILES - 1)
    low = np.minimum(at.astype(np.int64), QUANTILES - 2)
    rest = at - low
    first, second = table[(*cell, low)], table[(*cell, low + 1)]
    return np.asarray(first + rest * (second - first))


def expected_share(line: Any, term: Any, age: Any, rate: Any, balloon: Any) -> pl.Expr:
    """Return closing / opening balance by the contract alone: level payments, a balloon kept, lines still."""
    left = (term - age + 1).clip(1, None).cast(pl.Float64)
    monthly = pl.when(rate.abs() < 1e-9).then(1e-9).otherwise(rate) / 12.0
    paid = monthly / (((1.0 + monthly).log() * left).exp() - 1.0)
    return pl.when(line).then(1.0).otherwise(1.0 - paid * (1.0 - balloon))


def _moves(panel: pl.DataFrame, loans: pl.DataFrame) -> pl.DataFrame:
    """Return one row a move: line, class, fill, last, move."""
    from loantwin.models.counts import LIKE_CURRENT, PANEL_LIVE

    order = {name: place for place, name in enumerate(PANEL_LIVE)} | dict.fromkeys(LIKE_CURRENT, 0)
    about = loans.select(
        "loan_id",
        (pl.col("product") == LINE).fill_null(False).alias("line"),
        (pl.col("product") == "interest_only").fill_null(False).alias("still"),
        pl.col("term_months").cast(pl.Int64).alias("term"),
        _month("origination_date").alias("start"),
        pl.col("annual_rate").alias("rate"),
        pl.col("balloon_share").fill_null(0.0).alias("balloon"),
        pl.coalesce("approved_amount", "originated_amount").alias("limit"),
    )
    scheduled = (
        pl.col("scheduled_principal") if "scheduled_principal" in panel.columns else pl.lit(None, pl.Float64)
    )
    rows = (
        panel.filter(~pl.col("state").is_in(list(DEFAULT_STATES)))
        .select(
            "loan_id",
            _month("report_date").alias("month"),
            pl.col("state").replace_strict(order, default=None, return_dtype=pl.Int64).alias("after"),
            pl.col("principal").alias("closing"),
            scheduled.alias("scheduled"),
        )
        .sort("loan_id", "month")
        .with_columns(
            pl.col("month").shift(1).over("loan_id").alias("earlier"),
            pl.col("after").shift(1).over("loan_id").alias("before"),
            pl.col("closing").shift(1).over("loan_id").alias("opening"),
        )
        .join(about, on="loan_id", how="left", maintain_order="left")
        .with_columns((pl.col("month") - pl.col("earlier") == 1).fill_null(False).alias("next"))
    )
    by_contract = expected_share(
        pl.col("line") | pl.col("still"),
        pl.col("term"),
        pl.col("month") - pl.col("start"),
        pl.col("rate").fill_null(0.0),
        pl.col("balloon"),
    )
    paid = pl.coalesce(pl.col("scheduled"), pl.col("opening") * (1.0 - by_contract)).fill_null(0.0)
    due = pl.when(pl.col("line") | ((pl.col("after") > 0) & (pl.col("after") >= pl.col("before")))).then(0.0)
    size = pl.when(pl.col("line")).then(pl.col("limit")).otherwise(pl.col("opening"))
    whole = pl.when(pl.col("line")).then(pl.col("limit")).otherwise(pl.coalesce("limit", pl.col("opening")))
    made = rows.with_columns(
        ((pl.col("closing") - pl.col("opening") + due.otherwise(paid)) / size).alias("move"),
        (pl.col("opening") / whole).alias("fill"),
    )
    some = pl.col("next") & pl.all_horizontal(
        *(
            pl.col(name).is_not_null() & pl.col(name).cast(pl.Float64).is_finite()
            for name in ("move", "fill", "before", "after")
        )
    )
    made = made.with_columns(pl.when(some).then(pl.col("move")).alias("move"))
    made = made.with_columns(
        pl.when(pl.col("next")).then(pl.col("move").shift(1).over("loan_id")).alias("last")
    ).filter(pl.col("move").is_not_null())
    return made.select("line", "before", "after", "fill", "last", pl.col("move").clip(-1.5, 1.5))


def _quantiles(moves: pl.DataFrame) -> Floats:
    """Return quantiles by class, fill and last move, thin cells mixed with the cells above them."""
    kind = classes_of(moves["before"].to_numpy(), moves["after"].to_numpy())
    fill = fill_band(moves["fill"].to_numpy())
    last = last_band(moves["last"].cast(pl.Float64).fill_null(float("nan")).to_numpy())
    value = moves["move"].to_numpy()
    levels = np.linspace(0.0, 1.0, QUANTILES)
    shape = (len(CLASSES), len(FILL) + 1, len(LAST) + 2)
    made = np.empty((*shape, QUANTILES))
    whole = np.quantile(value, levels)
    for c in range(shape[0]):
        of_class = _mixed(value[kind == c], whole, levels)
        for f in range(shape[1]):
            of_fill = _mixed(value[(kind == c) & (fill == f)], of_class, levels)
            for m in range(shape[2]):
                own = (kind == c) & (fill == f) & (last == m)
                made[c, f, m] = of_fill if m == len(LAST) + 1 else _mixed(value[own], of_fill, levels)
    return made


def _mixed(values: Floats, above: Floats, levels: Floats) -> Floats:
    """Return the quantiles of `values` and of `above`, mixed as distributions by the number of cases."""
    if not len(values):
        return above
    share = len(values) / (len(values) + CASES)
    points = np.concatenate([values, above])
    weight = np.concatenate(
        [np.full(len(values), share / len(values)), np.full(len(above), (1.0 - share) / len(above))]
    )
    order = np.argsort(points, kind="stable")
    middle = np.cumsum(weight[order]) - weight[order]
    return np.asarray(points[order][np.searchsorted(middle, levels, side="right") - 1])


def _month(name: str) -> pl.Expr:
    date = pl.col(name)
    return date.dt.year().cast(pl.Int64) * 12 + date.dt.month().cast(pl.Int64) - 1
