"""The rates of many loans against the reference of one."""

from __future__ import annotations

import numpy as np
import pytest

from loantwin.errors import RiskError
from loantwin.products.internal_rates.columns import effective_annual_rates
from loantwin.products.internal_rates.roots import internal_rate


def _loans(rows: int, payments: int) -> np.ndarray:
    random = np.random.default_rng(7)
    flows = np.empty((rows, payments + 1))
    flows[:, 0] = -random.uniform(100, 1e6, rows)
    flows[:, 1:] = -flows[:, :1] * random.uniform(0.2, 8.0, (rows, 1)) / payments
    flows[:, 1:] *= random.uniform(0, 2, (rows, payments))
    flows[rows // 2 :, 2] -= 0.1 * flows[rows // 2 :, 0] * (random.random(rows - rows // 2) < 0.5)
    return flows


@pytest.mark.parametrize("kind", ["months", "dates", "dates of each"])
def test_as_the_reference(kind) -> None:
    flows = _loans(200, 24)
    random = np.random.default_rng(3)
    days = np.cumsum(random.integers(1, 60, (200, 25)), axis=1)
    times = {"months": np.arange(25) / 12, "dates": days[0] / 365, "dates of each": days / 365}[kind]
    found = effective_annual_rates(flows, times)
    for row, rate in enumerate(found):
        wanted = internal_rate(flows[row], times[row] if times.ndim == 2 else times)
        np.testing.assert_allclose(np.log1p(rate), np.log1p(wanted.rate), rtol=1e-11, atol=1e-12)


def test_what_one_tells_apart_is_no_number_in_a_column() -> None:
    flows = np.array(
        [
            [-100, 0, 130, 0],
            [100, -60, -60, 0],
            [-5, 10, -1, 0],
            [0, 0, 0, 0],
            [-100, -50, 60, 120.0],
            [1, -1, 1, 0],
        ]
    )
    found = effective_annual_rates(flows, [0, 1, 2, 3])
    assert np.isnan(found).tolist() == [False, False, True, True, False, True]
    assert found[0] == pytest.approx(1.3**0.5 - 1, abs=1e-14)


def test_threads_and_order_do_not_matter() -> None:
    flows = _loans(500, 12)
    found = effective_annual_rates(flows, np.arange(13) / 12)
    np.testing.assert_array_equal(effective_annual_rates(flows[::-1], np.arange(13) / 12)[::-1], found)


def test_times_that_fall_are_refused() -> None:
    with pytest.raises(RiskError, match="field times: expected times that ascend"):
        effective_annual_rates(np.array([[-1.0, 1.0, 1.0]]), [0, 2, 1])
    with pytest.raises(RiskError, match="field times"):
        effective_annual_rates(np.array([[-1.0, 1.0, 1.0]]), [0, 1])
