from pathlib import Path

import jsonschema
import numpy as np
import pytest

from loantwin.errors import RiskError, UsageError
from loantwin.verbs.ratings import RatingsResult, ratings


def test_a_published_file(data: Path) -> None:
    found = ratings(data / "ratings/sp_1981-2016.csv", horizon=10)
    jsonschema.validate(found.to_dict(), RatingsResult.json_schema())
    assert found.method == "published"
    assert found.embeddable is False
    assert found.term_structure["BBB"][0].pd == pytest.approx(0.0019, abs=5e-5)
    assert found.term_structure["BBB"][0].low is None
    ten = {item.state: item for item in found.compared if item.years == 10}
    assert ten["BBB"].published == pytest.approx(0.0783, abs=5e-5)
    assert ten["BBB"].implied == pytest.approx(found.term_structure["BBB"][9].pd)
    assert ten["BBB"].implied < ten["BBB"].published


@pytest.mark.parametrize("estimate", ["cohort", "duration"])
def test_a_history(data: Path, estimate: str) -> None:
    found = ratings(data / "ratings/rating_data_raw.csv", estimate=estimate, horizon=3, resamples=120)
    jsonschema.validate(found.to_dict(), RatingsResult.json_schema())
    for name, items in found.term_structure.items():
        for item in items:
            assert item.low is not None, name
            assert item.high is not None, name
            assert item.low <= item.pd <= item.high
    assert found.cycle is not None
    assert len(found.cycle.years) == 6
    z = {item.year[:4]: item.z for item in found.cycle.years}
    assert z["2002"] == min(z.values())  # the downgrades after 2001
    first = found.term_structure["AAA"][0]
    assert (first.exact_high is not None) is (estimate == "cohort")
    rows = np.array(list(found.matrix.values()))
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-9)


def test_a_part_of_a_year(data: Path) -> None:
    found = ratings(data / "ratings/JLT.csv", horizon=0.5)
    half = np.array(list(found.at_horizon.values()))
    np.testing.assert_allclose(half @ half, np.array(list(found.matrix.values())), atol=1e-3)
    assert [item.years for item in found.term_structure["B"]] == [0.5]


def test_bad_arguments(data: Path, tmp_path: Path) -> None:
    matrix, history = data / "ratings/JLT.csv", data / "ratings/rating_data_raw.csv"
    with pytest.raises(UsageError, match="a history"):
        ratings(matrix, estimate="cohort")
    with pytest.raises(UsageError, match="a matrix for `rest`"):
        ratings(history, rest="NR")
    bad = {
        "one of cohort, duration": {"estimate": "mean"},
        "horizon": {"horizon": 0},
        "proportional": {"withdrawn": "drop"},
    }
    for words, change in {**bad, "weighted": {"generator": "x"}}.items():
        with pytest.raises(UsageError, match=words):
            ratings(history, **change)
    with pytest.raises(UsageError, match="a file"):
        ratings(tmp_path / "none.csv")
    with pytest.raises(RiskError, match="D or default"):
        ratings(matrix, states=list("ABCDEFGH".replace("D", "Z")))
