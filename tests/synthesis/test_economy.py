"""The simulated economy and the latent effect."""

from __future__ import annotations

import numpy as np
import pytest

from loantwin.macro.scenario import FACTORS
from loantwin.synthesis.economy import HISTORY, downturn, latent_path, simulate_economy

FIRST = 12 * 2020


@pytest.mark.parametrize("seed", range(12))
def test_every_economy_is_believable(seed: int) -> None:
    economy = simulate_economy(FIRST, 60, seed)
    assert economy.first == FIRST - HISTORY
    assert economy.last == FIRST + 59
    assert np.isfinite(economy.values).all()
    assert economy.kinds == tuple(FACTORS[name][0] for name in economy.factors)
    column = dict(zip(economy.factors, economy.values.T, strict=True))
    assert 0.005 < column["unemployment_rate"].min() < column["unemployment_rate"].max() < 0.16
    assert column["treasury_3m"].min() > 0.0
    assert column["treasury_10y"].max() < 0.12
    assert (column["house_price_index"] > 20.0).all()


@pytest.mark.parametrize("seed", range(12))
def test_a_recession_begins_inside_the_panel(seed: int) -> None:
    economy = simulate_economy(FIRST, 60, seed)
    unemployment = economy.require("unemployment_rate", FIRST, FIRST + 59)
    peak = int(unemployment.argmax())
    assert 20 <= peak <= 59
    assert unemployment[peak] - unemployment[:peak].min() > 0.02


def test_scenarios_start_after_the_end_and_deepen() -> None:
    economy = simulate_economy(FIRST, 60, 3)
    peaks = [
        downturn(economy, 36, depth, "x").require("unemployment_rate", FIRST + 60, FIRST + 95).max()
        for depth in (0, 0.6, 1.2)
    ]
    assert peaks[0] < peaks[1] < peaks[2]


def test_the_latent_effect_has_its_stationary_variance_and_memory() -> None:
    stay, spread = 0.85, 0.07
    paths = np.array([latent_path((stay, 0.3), (spread, 0.5), 40, seed)[:, 0] for seed in range(2_000)])
    wanted = spread**2 / (1 - stay**2)
    for month in (0, 20, 39):
        assert paths[:, month].var() == pytest.approx(wanted, rel=0.12)
    assert np.corrcoef(paths[:, 10], paths[:, 11])[0, 1] == pytest.approx(stay, abs=0.03)
