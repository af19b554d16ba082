"""The blind test itself: the same histories cannot be told apart, a planted fault can."""

import datetime as dt
import importlib.util
from pathlib import Path

import numpy as np
import polars as pl
import pytest

pytest.importorskip("sklearn")

FILE = Path(__file__).parents[1] / "benchmarks" / "blind.py"
SPEC = importlib.util.spec_from_file_location("blind", FILE)
assert SPEC is not None
assert SPEC.loader is not None
BLIND = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(BLIND)
blind_test = BLIND.blind_test
LOANS, MONTHS = 300, 4
pytestmark = pytest.mark.slow


def histories(seed: int, stuck: float = 0.5, noise: float = 0.1) -> pl.DataFrame:
    """Return states of a chain that stays late with probability `stuck`, and balances of a random walk."""
    random = np.random.default_rng(seed)
    state, balance, rows = np.zeros(LOANS, int), np.full(LOANS, 500.0), []
    for month in range(MONTHS):
        rows.append(
            pl.DataFrame(
                {
                    "loan_id": [f"{loan}" for loan in range(LOANS)],
                    "report_date": [dt.date(2020, month + 1, 28)] * LOANS,
                    "state": np.array(["current", "dpd_30_59"])[state],
                    "principal": balance,
                }
            )
        )
        state = np.where(state == 0, random.random(LOANS) < 0.2, random.random(LOANS) < stuck).astype(int)
        balance = balance * np.exp(noise * random.standard_normal(LOANS))
    return pl.concat(rows)


SIZE = {f"{loan}": 1000.0 for loan in range(LOANS)}


def test_two_draws_of_one_truth_cannot_be_told_apart() -> None:
    found = blind_test(histories(1), histories(2), SIZE)
    for area, low, high in found.values():
        assert low <= area <= high
        assert 0.4 < area < 0.6


def test_a_planted_fault_is_seen_where_it_is() -> None:
    of_states = blind_test(histories(1), histories(2, stuck=0.95), SIZE)
    assert of_states["events"][0] > 0.6
    of_money = blind_test(histories(1), histories(2, noise=0.3), SIZE)
    assert of_money["events"][0] < 0.6 < 0.9 < of_money["balances"][0]


@pytest.mark.data
def test_simulated_cards_stay_late_as_the_real_ones_do(data: Path) -> None:
    """Clients the model was not fitted on: late three months running, then late again; late two months on."""
    real, simulated, _ = BLIND.cards()
    (again, later), (again_simulated, later_simulated) = BLIND.late_again(real), BLIND.late_again(simulated)
    assert 0.7 < again < 0.85
    assert abs(again_simulated - again) < 0.03
    assert abs(later_simulated - later) < 0.05
