"""What each lever does: stated effect models, all off at zero; every parameter assumed and replaceable.

    lever                  at +1                                  acts on
    cut_off                lends to fewer, safer applicants       amount lent, entry into arrears of the new
    cohort price_add_on           charges more                           rate, amount lent, entry into arrears
    of the new cohort limit                  grants larger loans and lines          amount lent, undrawn part
    at default and entry of the new cohort collection_intensity   works arrears harder                   edges
    between live states and to default, collection cost allocation             lends towards the safer
    segments       split of the amount lent, its total kept

-1 does the opposite. "Entry" is the move from the first live state to a worse one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.engine.rows import TransitionParameters, published_places, up_to_date, worsening_edges
from loantwin.errors import UsageError, expected
from loantwin.types import LEVERS


def _assumed(value: float, words: str) -> float:
    made: float = field(default=value, metadata={"assumed": words})
    return made


@dataclass(frozen=True)
class LeverEffects:
    """Parameters of the effect models, each assumed: `assumptions()` gives their words.

    Raises
    ------
    UsageError : a parameter that is negative or not finite.
    """

    approval_log_amount: float = _assumed(
        0.40, "cut_off +1 multiplies the amount lent by exp(-0.40): a third fewer approvals"
    )
    approval_log_odds: float = _assumed(0.35, "cut_off +1 lowers the log-odds of entry of new loans by 0.35")
    price_annual_rate: float = _assumed(
        0.02, "price_add_on +1 adds 2 percentage points a year to the rate of new loans"
    )
    price_log_amount: float = _assumed(
        15.0, "demand falls by exp(-15 x added rate): 26 % less at 2 points (elasticity)"
    )
    price_log_odds: float = _assumed(
        10.0, "log-odds of entry of new loans rise by 10 x added rate: 0.2 at 2 points (adverse selection)"
    )
    limit_log_amount: float = _assumed(0.25, "limit +1 multiplies the amount lent by exp(0.25)")
    limit_log_excess: float = _assumed(
        0.50,
        "limit +1 multiplies by exp(0.50) what exposure at default exceeds the balance of new loans by "
        "(undrawn amounts)",
    )
    limit_log_odds: float = _assumed(
        0.15, "limit +1 raises the log-odds of entry of new loans by 0.15: heavier debt service"
    )
    collection_roll: float = _assumed(
        0.30, "collection_intensity +1 lowers the log-odds of rolling to a worse state by 0.30"
    )
    collection_cure: float = _assumed(0.20, "collection_intensity +1 raises the log-odds of curing by 0.20")
    collection_log_cost: float = _assumed(
        0.90, "collection_intensity +1 multiplies the cost of collection by exp(0.90)"
    )
    allocation_tilt: float = _assumed(
        0.50, "allocation +1 multiplies a segment's share by exp(-0.50 x its risk, standardised)"
    )

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if not (np.isfinite(value) and value >= 0.0):
                raise UsageError(expected("a finite number of at least 0", value), field=item.name)


def assumptions() -> dict[str, tuple[float, str]]:
    """Return each effect parameter with its default and its words: what docs and reports print as assumed."""
    return {item.name: (float(item.default), str(item.metadata["assumed"])) for item in fields(LeverEffects)}  # type: ignore[arg-type]


@dataclass(frozen=True)
class LeverMoves:
    """What the levers of E books do this month; every field is 1 (add_on 0) at levers zero.

    edge : (E, R) factor on the odds of every live loan's edges. amount : (E,) factor on the amount lent.
    tilt : (E, G) factor on each segment's share before the total is restored. entry : (E,) factor on the odds
        of entry of the cohort lent this month. add_on : (E,) annual rate added to it. excess : (E,) factor on
        what its exposure at default exceeds its balance by.
    collection : (E,) factor on the cost of collection.
    """

    edge: Floats
    amount: Floats
    tilt: Floats
    entry: Floats
    add_on: Floats
    excess: Floats
    collection: Floats


@dataclass(frozen=True)
class Edges:
    """Kinds of edges, each (R,) 0 or 1: roll = to a worse state where collection acts; cure = to a better
    live state; entry = from the first live state to a worse one."""

    roll: Integers
    cure: Integers
    entry: Integers


def edge_kinds(parameters: TransitionParameters) -> Edges:
    """Return the kind of each edge; live states go from good to bad, default is worse than all of them.

    Collection acts on loans past due; where a model has one live state (arrears are not observed), on its
    default edge.
    """
    place, origin, target = published_places(parameters.states), parameters.origin, parameters.target
    worse = worsening_edges(parameters)
    better = (target < parameters.live) & (place[target] < place[origin])
    first = origin < up_to_date(parameters)
    kinds = (worse & (~first | (parameters.live == 1)), better, worse & first)
    return Edges(*(np.asarray(kind, dtype=np.int64) for kind in kinds))


def lever_moves(levers: Floats, effects: LeverEffects, edges: Edges, risk: Floats) -> LeverMoves:
    """Return what levers (E, 5) in [-1, 1], in the order of LEVERS, do; risk (G,), standardised."""
    check_levers(levers)
    cut_off, price, limit, collection, allocation = levers.T
    added = effects.price_annual_rate * price
    log_amount = (
        -effects.approval_log_amount * cut_off
        - effects.price_log_amount * added
        + effects.limit_log_amount * limit
    )
    log_entry = (
        -effects.approval_log_odds * cut_off + effects.price_log_odds * added + effects.limit_log_odds * limit
    )
    log_edge = collection[:, None] * (
        effects.collection_cure * edges.cure - effects.collection_roll * edges.roll
    )
    return LeverMoves(
        edge=np.exp(log_edge),
        amount=np.exp(log_amount),
        tilt=np.exp(-effects.allocation_tilt * allocation[:, None] * risk),
        entry=np.exp(log_entry),
        add_on=added,
        excess=np.exp(effects.limit_log_excess * limit),
        collection=np.exp(effects.collection_log_cost * collection),
    )


def check_levers(levers: Floats, books: int | None = None) -> None:
    """Raise UsageError where levers are not (E, 5) numbers in [-1, 1]; the first wrong lever is named.

    books : E; None takes any number.
    """
    # Trap: fewer rows than books. A kernel does not look at shapes: it reads past the end.
    if levers.ndim != 2 or levers.shape != (len(levers) if books is None else books, len(LEVERS)):
        wanted = f"({'E' if books is None else books}, {len(LEVERS)}), a row of levers for each book"
        raise UsageError(expected(wanted, levers.shape), field="levers")
    if levers.dtype.kind != "f":
        raise UsageError(expected("floats from -1 to 1", f"{levers.dtype} values"), field="levers")
    if levers.size and not (
        levers.min() >= -1.0 and levers.max() <= 1.0
    ):  # a NaN makes both comparisons false
        book, place = np.argwhere(~(np.abs(levers) <= 1.0))[0]
        raise UsageError(
            expected("a lever from -1 to 1", levers[book, place]), field=LEVERS[place], row=int(book) + 1
        )
