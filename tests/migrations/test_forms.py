"""Files of ratings in every form that tapes come in give what their plain form gives."""

import gzip
import io
import zipfile
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loantwin.errors import InputError, RiskError
from loantwin.migrations.histories import is_history, read_events
from loantwin.migrations.matrices import matrix
from loantwin.migrations.reading import COUNTED, read_matrices
from loantwin.verbs.ratings import ratings

WANTED = [[0.9, 0.09, 0.01], [0.05, 0.85, 0.1], [0.0, 0.0, 1.0]]
CASE = "F14-ratings-tiny-negative"


def written(folder: Path, content: str | bytes, name: str = "m.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def zipped(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("m.csv", content)
    return packed.getvalue()


def test_what_one_less_the_others_leaves_of_a_zero_is_zero(cases: Path) -> None:
    (found,) = read_matrices(cases / CASE / "neg.csv")
    np.testing.assert_allclose(found.values, [[0.9, 0.1, 0.0], [0.05, 0.85, 0.1], [0, 0, 1]], atol=1e-15)
    assert (found.values >= 0).all()
    assert ratings(cases / CASE / "neg.csv", horizon=2).at_horizon["A"][2] == pytest.approx(0.01, abs=1e-4)


def test_a_cell_further_below_zero_than_a_row_may_miss_one_is_refused() -> None:
    cells = np.array([[0.9, 0.103, -0.003], [0, 1, 0], [0, 0, 1]])
    with pytest.raises(RiskError, match="probabilities from 0 to 1"):
        matrix(cells, ("A", "B", "D"))


def test_percent_signs_say_percent(cases: Path) -> None:
    (found,) = read_matrices(cases / CASE / "pct.csv")
    np.testing.assert_allclose(found.values, WANTED)


@pytest.mark.parametrize(
    "text",
    [
        ";A;B;D\nA;0,9;0,09;0,01\nB;0,05;0,85;0,1\nD;0;0;1\n",
        "sep=;\n;A;B;D\nA;90,0 %;9,0 %;1,0 %\nB;5 %;85 %;10 %\nD;0 %;0 %;100 %\n",
        "\tA\tB\tD\nA\t90.0\t9.0\t1.0\nB\t5.0\t85.0\t10.0\nD\t-\t–\t100\n",
        "|A|B|D\nA|9e-1|9e-2|1e-2\nB|.05|.85|.1\nD|0|0|1\n",
        'Migration 2024,,,\nin percent,,,\n\nfrom,A,B,D\nA,90,9,1\nB,5,85,10\nD,0,0,100\n\n"Source: own, '
        '2024"\n',
        "from,A,B,D\nA,90,9,1\nB,5,85,10\nNote: withdrawn left out\n",
        "from,A,B,D\nA,90,9,1\nB,5,85,10\nD,,,\n".replace("D,,,", "D,0,0,0"),
        "from;A;B;D\nA;1.800;180;20\nB;50,0;850;100\nD;0;0;40\n",
        "from,A,B,D\nA,1800,180,20\nB,50,850,100\nD,0,0,0\n",
        'from,A,B,D\nA,"1,800",180,20\nB,50,850,100\nD,0,0,40\n',
        "from,to,count\nB,A,50\nB,B,850\nB,D,100\nA,A,1800\nA,B,180\nA,D,20\n",
        "From,To,Probability\nA,A,90%\nA,B,9%\nA,D,1%\nB,A,5%\nB,B,85%\nB,D,10%\nD,D,100%\n",
        "\ufefffrom,A,B,D\r\nA,90,9,1\r\nB,5,85,10\r\nD,0,0,100\r\n",
    ],
)
def test_forms_of_one_matrix(tmp_path: Path, text: str) -> None:
    for name, content in (
        ("m.csv", text.encode()),
        ("m.csv.gz", gzip.compress(text.encode())),
        ("m.zip", zipped(text.encode())),
        ("u.csv", text.removeprefix("\ufeff").encode("utf-16")),
    ):
        path = written(tmp_path, content, name)
        assert not is_history(path)
        (found,) = read_matrices(path)
        np.testing.assert_allclose(found.values, WANTED, err_msg=name)
        assert found.states == ("A", "B", "D")
        assert found.said == ((COUNTED,) if "800" in text else ())


def test_typed_files(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"from": ["A", "B", "D"], "A": [0.9, 0.05, 0.0], "B": [0.09, 0.85, 0.0], "D": [0.01, 0.1, 1]}
    )
    frame.write_parquet(tmp_path / "m.parquet")
    np.testing.assert_allclose(read_matrices(tmp_path / "m.parquet")[0].values, WANTED)
    pytest.importorskip("fastexcel", reason="the extra excel")
    writer = pytest.importorskip("xlsxwriter", reason="a writer of workbooks")
    with writer.Workbook(tmp_path / "m.xlsx") as book:
        sheet, percent = book.add_worksheet(), book.add_format({"num_format": "0.0%"})
        sheet.write(0, 0, "Migrations 2024")
        sheet.write_row(2, 0, frame.columns)
        for place, row in enumerate(frame.rows(), 3):
            sheet.write(place, 0, row[0])
            sheet.write_row(place, 1, row[1:], percent)
    (found,) = read_matrices(tmp_path / "m.xlsx")
    np.testing.assert_allclose(found.values, WANTED)
    assert found.states == ("A", "B", "D")


def test_names_that_are_numbers(tmp_path: Path) -> None:
    (found,) = read_matrices(written(tmp_path, "from,1,2,D\n1,90,9,1\n2,5,85,10\nD,0,0,100\n"))
    assert found.states == ("1", "2", "D")
    np.testing.assert_allclose(found.values, WANTED)


@given(
    counts=st.lists(st.lists(st.integers(0, 5_000), min_size=3, max_size=3), min_size=2, max_size=2),
    mark=st.sampled_from([",", ";", "\t", "|"]),
)
def test_counts_are_divided_by_their_sums(
    counts: list[list[int]], mark: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    sums = np.array(counts).sum(axis=1)
    if not sums.all() or set(sums) <= {1, 100}:
        return
    rows = [["", "A", "B", "D"], *([name, *map(str, row)] for name, row in zip("AB", counts, strict=True))]
    path = written(tmp_path_factory.mktemp("counts"), "\n".join(mark.join(row) for row in rows))
    (found,) = read_matrices(path)
    if abs(sums / 100 - 1).max() > 0.002:
        np.testing.assert_allclose(found.values[:2], np.array(counts) / sums[:, None])


def test_a_pair_twice_is_named(tmp_path: Path) -> None:
    with pytest.raises(RiskError, match="A, D twice"):
        read_matrices(written(tmp_path, "from,to,count\nA,A,9\nA,D,1\nA,D,1\n"))


def test_what_is_no_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="PDF"):
        read_matrices(written(tmp_path, b"%PDF-1.7 ..."))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", "x")
        archive.writestr("b.csv", "x")
    path = written(tmp_path, packed.getvalue(), "m.zip")
    with pytest.raises(InputError, match="one file"):
        read_matrices(path)


MOVES = [
    ("1", date(2000, 1, 1), "A"),
    ("1", date(2001, 7, 1), "B"),
    ("2", date(2000, 4, 1), "B"),
    ("2", date(2003, 1, 1), "D"),
]


@pytest.mark.parametrize(
    "form",
    ["%Y-%m-%d", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%d-%b-%Y", "%Y%m%d", "%Y-%m-%d 00:00:00", "%m/%d/%Y"],
)
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_dates_in_the_usual_forms(tmp_path: Path, form: str, mark: str) -> None:
    moves = [*MOVES, ("3", date(2002, 12, 31), "A")]  # no month has this number
    rows = [["Customer", "Date", "Rating"], *([who, day.strftime(form), what] for who, day, what in moves)]
    path = written(tmp_path, "Ratings of the book\n\n" + "\n".join(mark.join(row) for row in rows))
    assert is_history(path)
    found = read_events(path)
    assert found.day.astype(object).tolist() == [day for _, day, _ in sorted(moves)]
    assert found.states == ("A", "B", "D")


def years(day: date) -> float:
    return day.year - 2000 + (day.month - 1) / 12


@pytest.mark.parametrize(
    ("made", "period", "said"),
    [
        (lambda day: f"{years(day)!r}", None, "1 is a year"),
        (lambda day: f"{12 * years(day):.0f}", "month", "1 is a month"),
        (lambda day: f"{4 * years(day):.0f}", "quarter", "1 is a quarter"),
        (lambda day: f"{2000 + years(day)!r}", None, "times are years"),
        (lambda day: str((day - date(1899, 12, 30)).days), None, "excel-days"),
        (lambda day: str((day - date(1970, 1, 1)) // timedelta(seconds=1)), None, "epoch-seconds"),
        (lambda day: str((day - date(1970, 1, 1)) // timedelta(milliseconds=1)), None, "epoch-milliseconds"),
    ],
)
def test_times_that_are_numbers(tmp_path: Path, made, period: str | None, said: str) -> None:
    path = written(
        tmp_path, "ID,Time,State\n" + "".join(f"{who},{made(day)},{what}\n" for who, day, what in MOVES)
    )
    found = read_events(path, period=period)
    assert found.day.astype(object).tolist() == [day for _, day, _ in MOVES]
    assert len(found.said) == 1
    assert said in found.said[0]
    assert found.said[0] in ratings(path, period=period, estimate="duration", resamples=40).notes


def test_months_stand_for_their_last_day(tmp_path: Path) -> None:
    found = read_events(written(tmp_path, "id,date,rating\n1,200012,A\n1,200202,D\n"))
    assert found.day.astype(object).tolist() == [date(2000, 12, 31), date(2002, 2, 28)]


@pytest.mark.parametrize(
    ("cells", "words"),
    [(("0", "240"), "`period`"), (("-1", "5"), "`period`"), (("2000-01-01", "x"), "row 2")],
)
def test_times_that_cannot_be_told(tmp_path: Path, cells: tuple[str, str], words: str) -> None:
    path = written(tmp_path, f"id,time,rating\n1,{cells[0]},A\n1,{cells[1]},D\n")
    with pytest.raises(RiskError, match=words):
        read_events(path)


def test_a_day_and_a_month_that_could_change_places_are_said(tmp_path: Path) -> None:
    found = read_events(written(tmp_path, "id,date,rating\n1,03/04/2001,A\n1,05/06/2002,D\n"))
    assert found.day.astype(object).tolist() == [date(2001, 4, 3), date(2002, 6, 5)]
    assert found.said == ("dates were read as day/month/year",)


def test_histories_of_typed_files(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"id": [1.0, 1.0], "date": [date(2000, 1, 1), date(2001, 1, 1)], "rating": [0.0, 1.0]}
    )
    frame.write_parquet(tmp_path / "h.parquet")
    found = read_events(tmp_path / "h.parquet")
    assert found.states == ("0", "1")
    assert found.day.astype(object).tolist() == [date(2000, 1, 1), date(2001, 1, 1)]
