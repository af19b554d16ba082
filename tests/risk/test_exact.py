"""Exact sums against correctly rounded ones, and the stage kernel against its NumPy reference."""

from __future__ import annotations

import math

import numpy as np
import pytest

from loantwin.config import Ifrs9
from loantwin.errors import ArgumentError, RiskError
from loantwin.risk import allowance, kernels
from loantwin.risk.allowance import Exposures, totals
from loantwin.risk.provisions import ifrs9 as ifrs9_module
from loantwin.risk.provisions.ifrs9 import StagedLosses, ifrs9
from loantwin.risk.provisions.stages import TRIGGERS, Stages


def draw(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=seed))


@pytest.mark.parametrize("spread", [1.0, 60.0, 100.0])
def test_many_values_sum_as_if_rounded_once(spread: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowance, "FEW", 1)
    random = draw(int(spread))
    values = random.normal(size=3000) * np.exp(spread * random.normal(size=3000))
    values[:4] = [0.0, -0.0, 5e-324, -1e-310]
    codes = random.integers(0, 3, 3000)
    found = totals([values, np.abs(values)], codes, 3)
    assert found == [
        [math.fsum(item[codes == group]) for group in range(3)] for item in (values, np.abs(values))
    ]


def test_values_that_cancel_leave_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowance, "FEW", 1)
    values = np.array([1e16, 1.0, -1e16, 1e-3])
    assert totals([values]) == [[1.001]]
    assert totals([np.zeros(5)]) == [[0.0]]
    with pytest.raises(ArgumentError, match="figures"):
        totals([np.array([1.0, np.inf])])


def test_a_share_of_the_blocks_adds_to_its_own_alone() -> None:
    """Threads take blocks at once: what two of them add to one place is added in any order, or lost."""
    values, codes = draw(4).normal(size=(1, 400)), draw(5).integers(0, 2, 400)
    whole, shares = (np.zeros((kernels.BLOCKS, kernels.POWERS, 2, 1, 2), dtype=np.int64) for _ in range(2))
    kernels.exact_bins(0, kernels.BLOCKS, values.view(np.int64), codes, whole)
    assert whole.any(axis=(1, 2, 3, 4)).all()
    for first, last in ((9, kernels.BLOCKS), (2, 9), (0, 2)):
        before = shares.copy()
        kernels.exact_bins(first, last, values.view(np.int64), codes, shares)
        changed = np.flatnonzero((shares != before).any(axis=(1, 2, 3, 4)))
        assert changed.tolist() == list(range(first, last))
    assert np.array_equal(shares, whole)


def losses_of(count: int, seed: int) -> tuple[StagedLosses, Stages, Exposures]:
    random = draw(seed)
    lifetime = random.lognormal(3, 1, (count, 3))
    losses = StagedLosses(
        lifetime * random.uniform(0, 1, (count, 3)), lifetime, random.lognormal(4, 1, count)
    )
    staged = Stages(random.integers(1, 4, count), np.zeros((count, len(TRIGGERS)), dtype=bool))
    return (
        losses,
        staged,
        Exposures(random.lognormal(8, 1, count), random.uniform(0, 2, count), random.uniform(0, 1, count)),
    )


def test_the_kernel_of_many_loans_gives_the_figures_of_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    losses, staged, exposures = losses_of(2500, 3)
    weights = {"a": 0.5, "b": 0.3, "c": 0.2}

    def made() -> dict[str, object]:
        from datetime import date

        return ifrs9(date(2024, 12, 31), "USD", exposures, losses, staged, weights, Ifrs9()).to_dict()

    plain = made()
    monkeypatch.setattr(ifrs9_module, "FEW", 1)
    monkeypatch.setattr(allowance, "FEW", 1)
    assert made() == plain


@pytest.mark.parametrize(
    ("field", "value"), [("twelve_month", -1.0), ("lifetime", np.inf), ("lifetime", np.nan)]
)
def test_the_kernel_refuses_what_the_reference_refuses(
    field: str, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import date

    losses, staged, exposures = losses_of(50, 4)
    getattr(losses, field)[7, 1] = value
    monkeypatch.setattr(ifrs9_module, "FEW", 1)
    with pytest.raises(RiskError) as caught:
        ifrs9(date(2024, 12, 31), "USD", exposures, losses, staged, {"a": 0.5, "b": 0.3, "c": 0.2}, Ifrs9())
    assert caught.value.field == field
    losses, staged, exposures = losses_of(50, 4)
    losses.twelve_month[3, 0] = 2 * losses.lifetime[3, 0]
    with pytest.raises(RiskError, match="within lifetime losses"):
        ifrs9(date(2024, 12, 31), "USD", exposures, losses, staged, {"a": 0.5, "b": 0.3, "c": 0.2}, Ifrs9())
