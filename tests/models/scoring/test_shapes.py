"""What a score can see: a rare mark that tells much, and columns that tell only together."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from loantwin.models.scoring.binning import learn_bins
from loantwin.models.scoring.features import encode, learn_features
from loantwin.models.scoring.kinds import KINDS
from loantwin.models.scoring.measures import auc
from loantwin.models.scoring.table import from_frame


def test_a_rare_mark_that_tells_much_has_a_bin_of_its_own() -> None:
    rows = np.arange(1_000)
    mark = (rows % 25 == 0).astype(int)  # 40 rows, 4 %
    bad = np.where(mark == 1, rows % 50 == 0, rows % 10 == 1)  # 20 of 40, and 100 of 960 others
    table = from_frame(pl.DataFrame({"mark": mark}))
    (feature,) = learn_features(table, ("mark",))
    found = learn_bins(feature, encode((feature,), table).values[:, 0], bad)
    assert found.counts[:2] == (960, 40)
    assert found.bads[:2] == (100, 20)
    assert found.weights[1] - found.weights[0] == pytest.approx(np.log((20 / 20) / (100 / 860)), abs=0.05)


def test_boosting_sees_columns_that_tell_only_together() -> None:
    pytest.importorskip("lightgbm", reason="the extra scoring is not installed")
    random = np.random.default_rng(5)
    values = random.normal(size=(4_000, 6))
    odds = 2.5 * np.sign(values[:, 0] * values[:, 1]) + 1.5 * np.sign(values[:, 2] * values[:, 3])
    bad = random.random(len(values)) < 1 / (1 + np.exp(-odds))
    table = from_frame(pl.DataFrame({f"x{at}": values[:, at] for at in range(6)}))
    features = learn_features(table, tuple(f"x{at}" for at in range(6)))
    read = encode(features, table).values
    near, far = np.arange(2_400), np.arange(2_400, 4_000)
    boosting, line = (
        auc(bad[far], KINDS[kind].log_odds(KINDS[kind].train(features, read[near], bad[near]), read[far]))
        for kind in ("boosting", "logistic")
    )
    best = auc(bad[far], odds[far])
    assert line < 0.55
    assert boosting > best - 0.04
