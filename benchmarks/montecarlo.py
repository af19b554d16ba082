"""Monte Carlo: nominal loan-months a second loan by loan, with and without cash flows, and cell-months by
binomials.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from loantwin.engine.assumptions import assumptions
from loantwin.engine.cells import Cells
from loantwin.engine.columns import LoanColumns, loan_columns
from loantwin.engine.montecarlo.cells import simulate_cells
from loantwin.engine.montecarlo.loans import CashTables, Population, simulate_loans
from loantwin.engine.runoff import build_cells, loan_tables
from loantwin.env.built_in import built_in
from loantwin.kernels import use_threads

LOANS, MONTHS, PATHS, ROUNDS = 100_000, 36, 20, 5


def run() -> list[dict[str, Any]]:
    """Return one row a piece of work: work, reach, measured, unit, detail. The best of five runs on two
    threads.
    """
    use_threads(2)
    tables, _ = built_in(MONTHS)
    parameters = tables.parameters
    random = np.random.Generator(np.random.Philox(key=1))
    columns = _loans(random)
    loans = Population(columns.segment, columns.age, columns.state, np.arange(LOANS))
    luck = np.exp(0.2 * random.standard_normal((PATHS, MONTHS, len(parameters.origin))))
    cash = CashTables(
        loan_tables(columns, MONTHS, assumptions(0.002)), np.arange(LOANS), columns.weight, tables.lgd
    )
    nominal = LOANS * MONTHS * PATHS
    detail = (
        f"{LOANS:,} loans x {MONTHS} months x {PATHS} paths, "
        f"{len(np.unique(columns.segment * 1000 + columns.age))} buckets"
    )
    states = _best(lambda: simulate_loans(parameters, loans, luck, 1))
    money = _best(lambda: simulate_loans(parameters, loans, luck, 1, cash))
    cells = build_cells(columns, MONTHS)
    cell_months = len(cells.segment) * MONTHS * PATHS
    binomials = _best(lambda: simulate_cells(parameters, cells, tables.lgd, luck, 1))
    return [
        _row("loan-level Monte Carlo, states only", "> 5e8", nominal / states, "loan-months/s", detail),
        _row("loan-level Monte Carlo, with cash flows", "> 1e8", nominal / money, "loan-months/s", detail),
        _row(
            "bits on 1 and 2 threads",
            "equal",
            float(_same_bits(parameters, loans, luck, cash)),
            "1 = equal",
            "counts and cash flows",
        ),
        _row(
            "cell Monte Carlo by binomials, with cash flows",
            "",
            cell_months / binomials,
            "cell-months/s",
            _of(cells, LOANS),
        ),
    ]


def _row(work: str, reach: str, measured: float, unit: str, detail: str) -> dict[str, Any]:
    return {"work": work, "reach": reach, "measured": measured, "unit": unit, "detail": detail}


def _of(cells: Cells, loans: int) -> str:
    return f"{len(cells.segment)} cells, {loans / len(cells.segment):.0f} loans a cell"


def _best(work: Callable[[], object]) -> float:
    work()
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def _same_bits(parameters: Any, loans: Population, luck: Any, cash: CashTables) -> bool:
    found = []
    for threads in (1, 2):
        use_threads(threads)
        found.append(simulate_loans(parameters, loans, luck[:4], 1, cash))
    use_threads(2)
    same = [np.array_equal(found[0].money[name], found[1].money[name]) for name in found[0].money]
    return bool(np.array_equal(found[0].counts, found[1].counts) and all(same))


def _loans(random: np.random.Generator) -> LoanColumns:
    """Return loans of six segments and ten ages, of which a twentieth are past due."""
    return loan_columns(
        segment=random.integers(0, 6, LOANS),
        age=random.integers(0, 10, LOANS) * 3,
        state=np.where(random.random(LOANS) < 0.95, 0, random.integers(1, 4, LOANS)),
        product=random.integers(0, 5, LOANS),
        remaining_months=random.integers(6, 84, LOANS),
        principal=random.uniform(1_000, 50_000, LOANS),
        annual_rate=random.uniform(0.03, 0.2, LOANS),
    )


if __name__ == "__main__":
    for row in run():
        print(row)
