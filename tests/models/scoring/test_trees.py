"""Trees read from text: the same bits as LightGBM's own prediction, whatever is missing or unseen."""

from __future__ import annotations

import numpy as np
import pytest

from loantwin.errors import ModelError
from loantwin.models.scoring.trees import raw_score, read_trees

lightgbm = pytest.importorskip("lightgbm", reason="the extra scoring is not installed")


def boosted(seed: int, rows: int = 700, **settings: object) -> tuple[tuple[str, ...], np.ndarray]:
    random = np.random.default_rng(seed)
    values = random.normal(size=(rows, 5))
    values[:, 3] = random.integers(0, 50, rows)
    values[:, 4] = random.integers(0, 3, rows)
    values[random.random(values.shape) < 0.15] = np.nan
    target = (np.nan_to_num(values[:, 0]) + np.nan_to_num(values[:, 3]) % 3 + random.normal(size=rows)) > 1
    told = {"objective": "binary", "verbosity": -1, "num_threads": 1, "seed": seed, **settings}
    data = lightgbm.Dataset(values, label=target.astype(float), categorical_feature=[3, 4])
    booster = lightgbm.train(told, data, num_boost_round=25)
    return (booster.model_to_string(),), values


@pytest.mark.parametrize(
    "settings",
    [{}, {"max_cat_to_onehot": 1}, {"zero_as_missing": True}, {"use_missing": False}, {"num_leaves": 2}],
)
def test_scores_are_lightgbms_to_the_bit(settings: dict[str, object]) -> None:
    texts, values = boosted(1, **settings)
    more, _ = boosted(2, **settings)
    odd = values.copy()
    odd[::7, 3] = 900.0
    odd[::11, 0] = 0.0
    odd[::13] = np.nan
    both = (*texts, *more)
    wanted = np.mean([lightgbm.Booster(model_str=text).predict(odd, raw_score=True) for text in both], axis=0)
    assert (raw_score(both, odd) == wanted).all()
    assert raw_score(both, odd[5:6])[0] == wanted[5]


def test_another_text_is_refused() -> None:
    with pytest.raises(ModelError, match="booster in LightGBM's text"):
        read_trees(("no trees",))
