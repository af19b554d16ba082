"""Portfolio losses: tail figures of a million loans under ten sector factors, and simulation loan by loan;
memory included.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from loantwin.kernels import use_threads
from loantwin.risk.loss.copula import names
from loantwin.risk.loss.copula.distribution import copula_loss
from loantwin.risk.loss.copula.factors import FactorModel, Obligors, factor_model, obligors
from loantwin.risk.loss.copula.sampling import draw, no_shift
from loantwin.risk.loss.creditrisk_plus import credit_risk_plus

SECTORS, ROUNDS = 10, 5
LOANS, PATHS = 36_000, 100_000


def run() -> list[dict[str, Any]]:
    """Return one row a piece of work: work, reach, measured, unit, detail. Best of five, two threads, a
    process each.
    """
    rows = []
    for part in ("million", "shared", "own", "plus"):
        made = subprocess.run(
            [sys.executable, "-c",
                f"import json; from benchmarks.portfolio_loss import one; print(json.dumps(one({part!r})))"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        rows += json.loads(made.stdout.strip().splitlines()[-1])
    return rows


def one(part: str) -> list[dict[str, Any]]:
    """Return the rows of one piece of work."""
    use_threads(2)
    return {"million": _million, "shared": lambda: _names(True), "own": lambda: _names(False), "plus": _plus}[
        part
    ]()


def book(count: int, model: FactorModel, pds: int | None = None, seed: int = 1) -> Obligors:
    """Return loans of lognormal sizes and PDs in ten sectors; `pds` PDs in all, None: each its own."""
    random = np.random.Generator(np.random.Philox(key=seed))
    sector = random.integers(0, SECTORS, count)
    pd = np.minimum(random.lognormal(-4.5, 0.8, count), 1.0)
    if pds is not None:
        ladder = np.minimum(random.lognormal(-4.5, 0.8, pds // SECTORS), 1.0)
        pd = ladder[random.integers(0, len(ladder), count)]
    return obligors(model, random.lognormal(9.0, 1.0, count), pd, random.uniform(0.2, 0.7, count), sector)


def _model() -> FactorModel:
    return factor_model(np.linspace(0.05, 0.3, SECTORS), 0.5, sectors=tuple(map(str, range(SECTORS))))


def _million() -> list[dict[str, Any]]:
    model = _model()
    loans = book(1_000_000, model)
    before = _memory()
    made = copula_loss(loans, model, allocate=False)
    seconds, used = _best(lambda: copula_loss(loans, model, allocate=False)), _memory()
    again = _best(lambda: copula_loss(loans, model))
    errors = [100 * figure.standard_error / figure.value for figure in (made.var, made.es)]
    detail = (
        f"{SECTORS} sectors, {made.paths:,} shifted paths, method {made.method}; standard error "
        f"{errors[0]:.2f} % of VaR, {errors[1]:.2f} % of ES; {used:.2f} GB at most, {before:.2f} GB with "
        "the book alone"
    )
    return [
        _row("99.9 % VaR and ES of 1,000,000 loans", "< 0.5", seconds, "s", detail),
        _row(
            "the same with contributions by loan and sector, stand-alone and marginal",
            "",
            again,
            "s",
            "both sum to the total",
        ),
    ]


def _names(shared: bool) -> list[dict[str, Any]]:
    model = _model()
    loans = book(LOANS, model, 500 if shared else None)
    draws = draw(model, no_shift(model), PATHS, 1)
    seconds = _best(lambda: names.simulate(loans, model, draws, 1))
    words = "500 PD cells" if shared else "own PDs"
    cells = len(names.sorted_book(loans, model).cells)
    detail = (
        f"plain paths, {cells} cells, {float(loans.pd.sum()):.0f} defaults a path; {_memory():.2f} GB at most"
    )
    return [
        _row(
            f"{LOANS:,} loans x {PATHS:,} paths loan by loan, {words}",
            "< 4" if shared else "",
            seconds,
            "s",
            detail,
        )
    ]


def _plus() -> list[dict[str, Any]]:
    model = _model()
    loans = book(100_000, model)
    loss = loans.exposure * loans.lgd
    seconds = _best(lambda: credit_risk_plus(loss, loans.pd, 0.5 * loans.pd, loans.sector))
    made = credit_risk_plus(loss, loans.pd, 0.5 * loans.pd, loans.sector)
    detail = f"{SECTORS} gamma sectors, {len(made.probabilities):,} points, exact"
    return [_row("CreditRisk+ of 100,000 loans", "", seconds, "s", detail)]


def _row(work: str, reach: str, measured: float, unit: str, detail: str) -> dict[str, Any]:
    return {"work": work, "reach": reach, "measured": measured, "unit": unit, "detail": detail}


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _best(work: Callable[[], object]) -> float:
    work()
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


if __name__ == "__main__":
    for row in run():
        print(row)
