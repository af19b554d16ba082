from datetime import date
from pathlib import Path

import numpy as np
import pytest

from loantwin.errors import RiskError, TapeError
from loantwin.migrations.histories import read_events
from loantwin.migrations.reading import read_matrices

NAMES = ("AAA", "AA", "A", "BBB", "BB", "B", "CCC", "D")


def written(folder: Path, text: str, name: str = "m.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_agencies_multi_year_form(data: Path) -> None:
    found = read_matrices(data / "ratings/sp_1981-2016.csv")
    assert [item.years for item in found] == [1, 2, 3, 5, 7, 10, 15, 20]
    assert found[0].states == (*NAMES, "NR")
    assert found[0].values[3, 7] == pytest.approx(0.0018, rel=2e-4)  # the row sums to 1.0001
    assert found[7].values[0, 8] == pytest.approx(0.4361, abs=1e-4)
    same = read_matrices(data / "ratings/sp_1981-2016.json", horizons=[item.years for item in found])
    for one, other in zip(found, same, strict=True):
        np.testing.assert_allclose(one.values, other.values, atol=1e-12)


def test_other_published_forms(data: Path) -> None:
    (jlt,) = read_matrices(data / "ratings/JLT.csv")
    (metrics,) = read_matrices(data / "ratings/creditmetrics_sp_1996_one_year.csv")
    assert jlt.states == metrics.states == NAMES
    assert jlt.rescaled == pytest.approx(2e-4, abs=1e-12)
    assert metrics.values[7].tolist() == [0] * 7 + [1]
    assert len(read_matrices(data / "ratings/sp_multiperiod.json")) == 10


def test_a_table_that_leaves_the_withdrawn_out_is_refused_unless_named(data: Path) -> None:
    path = data / "ratings/sp_2017.csv"
    with pytest.raises(RiskError, match=r"row AAA.*`rest` NR"):
        read_matrices(path)
    (made,) = read_matrices(path, rest="NR")
    assert made.states[-2:] == ("D", "NR")
    assert len(made.states) == 19
    assert made.values[0, -1] == pytest.approx(0.0318)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("from,A,D\nA,90,x\n", "row 2"),
        ("from,A,D\nD,0,100\nA,90,10\n", "order of the columns"),
        ("0.9,0.1\n0.5\n", "row 2"),
        ("", "empty"),
        ("0.9,0.1\n0,1\n", "states"),
    ],
)
def test_bad_tables_name_file_and_row(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(RiskError, match=words) as error:
        read_matrices(written(tmp_path, text))
    assert error.value.file is not None


def test_json_that_is_no_matrix(tmp_path: Path) -> None:
    for text in ("{}", "[[1, 2], [3]]", "[]", "not json"):
        with pytest.raises(RiskError):
            read_matrices(written(tmp_path, text, "m.json"))


def test_events_of_the_rating_file(data: Path) -> None:
    found = read_events(data / "ratings/rating_data_raw.csv")
    assert found.facts["events"] == 4000
    assert found.facts["customers"] == 1829
    assert found.states == ("AAA", "AA+", "A+", "BBB+", "BB+", "B+", "CCC+", "D", "NR")
    assert found.last == date(2005, 12, 30)
    assert (found.default, found.withdrawn) == (7, 8)
    # 92 = 4,000 less the distinct pairs of customer and date, counted with `sort -u` on the file
    assert found.facts["two events on one day, the later row taken"] == 92


def test_events_by_hand(tmp_path: Path) -> None:
    text = (
        "id,date,rating\n7,2001-01-31,B\n7,2001-01-31,BB-\n7,2000-01-31,A\n8,2000-05-05,D\n8,2001-05-05,NR\n"
    )
    found = read_events(written(tmp_path, text))
    assert found.states == ("A", "BB-", "B", "D", "NR")
    names = [found.states[code] for code in found.state]
    assert names == ["A", "BB-", "D", "NR"]
    assert found.customer.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("id,date\n1,2000-01-01\n", RiskError, "rating"),
        ("id,date,rating\n1,January,A\n", RiskError, "row 1"),
        ("id,date,rating\n", TapeError, "rating events"),
    ],
)
def test_bad_events(tmp_path: Path, text: str, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        read_events(written(tmp_path, text))


def test_an_unknown_state_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, "id,date,rating\n1,2000-01-01,Q\n")
    with pytest.raises(RiskError, match="one of A, D"):
        read_events(path, states=("A", "D"))


def test_a_blank_cell_under_a_header_is_nothing_and_a_gap_is_told_by_the_sum(tmp_path: Path) -> None:
    (read,) = read_matrices(written(tmp_path, "from,A,B,D\nA,0.92,0.08,\nB,,0.9,0.1\nD,,,1\n"))
    assert read.values.tolist() == [[0.92, 0.08, 0.0], [0.0, 0.9, 0.1], [0.0, 0.0, 1.0]]
    with pytest.raises(RiskError, match="row 1"):
        read_matrices(written(tmp_path, "from,A,B,D\nA,0.9,,0.02\nB,0.1,0.8,0.1\nD,0,0,1\n"))


@pytest.mark.parametrize(
    "header", ["borrower,year,grade", "Obligor ID,Rating Date,Rating", "issuer,period,Rating Grade"]
)
def test_histories_by_the_names_people_give(tmp_path: Path, header: str) -> None:
    found = read_events(written(tmp_path, header + "\n1,2019,A\n1,2020,B\n2,2019,A\n2,2020,D\n"))
    assert found.states == ("A", "B", "D")
    assert found.state.tolist() == [0, 1, 0, 2]


def test_a_history_under_unknown_names_is_named(tmp_path: Path) -> None:
    with pytest.raises(RiskError, match=r"a history with columns like customer, date and rating.*who"):
        read_matrices(written(tmp_path, "who,when,what\n1,2019-12-31,A\n1,2020-12-31,B\n"))


def test_default_has_its_name_in_other_languages(tmp_path: Path) -> None:
    (read,) = read_matrices(written(tmp_path, "期初,A,B,违约\nA,90%,8%,2%\nB,10%,80%,10%\n"))
    assert read.values[2].tolist() == [0.0, 0.0, 1.0]
