"""Which quantity of a column counts in which figure: the money rules of `step.step` as the kernel's table.

A figure is the sum over columns of factor x quantity; a quantity is a row of the kernel's lanes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.engine.rows import published_places
from loantwin.engine.step.tables import FIGURES, StepTables, columns_at

QUANTITIES = ("default", "prepaid", "other", "arrear", "open", "later", "stay", "paying", "exposed")
"""Rows of a column's lanes after the model's own: entered default, prepayment, another end; past due and open
at the start; past due and live at the end; paying; default x exposure."""


BLOCK = 4
"""Columns that the kernel adds up at once."""


@dataclass(frozen=True)
class StepSums:
    """What a month adds up, C columns.

    rows, sources : (pairs,) the sum that a pair adds to, the quantity's row in the lanes. factors : (pairs, C
        padded with zeros to a multiple of the block). table : (4, C) start balance, what exposure exceeds it
        by, rate sensitivity, balance at the end. codes : (2, C) segment, cohort.
    """

    rows: Integers
    sources: Integers
    factors: Floats
    table: Floats
    codes: Integers


@lru_cache(maxsize=1024)
def sums_at(tables: StepTables, month: int) -> StepSums:
    """Return what month `month` adds up."""
    columns, live = columns_at(tables, month), tables.parameters.live
    start, close, net, discount = (
        columns["start"],
        columns["close"],
        columns["net_share"],
        columns["discount"],
    )
    severity = columns["charged_off"] - columns["recovered"]
    present = columns["charged_off"] - columns["worth"] * columns["recovered"]
    named = [
        ("scheduled_principal", columns["scheduled"], "stay"),
        ("prepaid", columns["partial"], "stay"),
        ("prepaid", start, "prepaid"),
        ("interest", columns["interest"], "paying"),
        ("draws", columns["draws"], "stay"),
        ("arrears", -start, "default"),
        ("exited", start, "other"),
        ("defaulted_number", columns["loans_start"], "default"),
        ("live_number", columns["loans_close"], "stay"),
        ("loss", severity * net, "exposed"),
        ("loss_gross", present * discount, "exposed"),
        ("loss_net", present * discount * net, "exposed"),
        ("past_due", close, "later"),
    ]
    due, first = len(FIGURES), 3 * live
    pairs = [(FIGURES.index(name), first + QUANTITIES.index(what), factor) for name, factor, what in named]
    for kind, factor in enumerate((np.ones_like(start), columns["charged_off"], columns["recovered"])):
        pairs.append((due + kind, first + QUANTITIES.index("exposed"), factor))
    pairs.append((due + 3, first + QUANTITIES.index("arrear"), start))
    place = published_places(tables.parameters.states)[:live]
    late = np.flatnonzero((place > 0) & (place == place[-1]))
    pairs += [(FIGURES.index("late"), live + int(state), close) for state in late]
    rows, sources, factors = zip(*pairs, strict=True)
    return StepSums(
        rows=np.array(rows, dtype=np.int64),
        sources=np.array(sources, dtype=np.int64),
        factors=np.pad(np.stack(factors), ((0, 0), (0, -len(start) % BLOCK))),
        table=np.stack([start, columns["exposure"] - start, columns["rate_sensitivity"], close]),
        codes=np.stack([columns.segment, columns.cohort]).astype(np.int64),
    )
