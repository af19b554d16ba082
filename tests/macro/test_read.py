"""Every supported file is read to the right decimals; every fault is one error that names file, row and
field.
"""

from __future__ import annotations

import numpy as np
import pytest

from loantwin import months
from loantwin.errors import ScenarioError
from loantwin.macro.factors import KNOWN
from loantwin.macro.fred import SERIES_IDS
from loantwin.macro.read import monthly, read_macro

HEADER = "Scenario Name,Date,Real GDP growth,Unemployment rate,House Price Index (Level)"
ROWS = ["Actual,2024 Q3,2.0,4.2,100", "Actual,2024 Q4,2.5,4.1,101"]


def fed(tmp_path, rows, header=HEADER):
    path = tmp_path / "table.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def user(tmp_path, text, name="mine.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


@pytest.mark.data
@pytest.mark.parametrize("year", ["2025-Table_1A_Historic_Domestic", "2026_Proposed_Historic_Domestic"])
def test_the_fed_history_is_read(data, year):
    source = read_macro(data / "fed_scenarios" / f"{year}.csv")
    history = source.history()
    assert source.frequency == "quarterly"
    assert source.form == "fed"
    assert set(history.factors) == set(list(KNOWN)[:16])
    assert months.label(history.first) == "1976-01"
    unemployment = history.values[:, history.factors.index("unemployment_rate")]
    assert unemployment[0] == pytest.approx(0.077)
    # Published peaks: 13.0 percent in 2020 Q2, 9.9 after 2008.
    assert np.nanmax(unemployment) == pytest.approx(0.13)
    growth = history.values[:, history.factors.index("real_gdp_growth")]
    assert growth.min() == pytest.approx(-0.281, abs=0.002)
    assert np.isnan(history.values[0, history.factors.index("vix")])


@pytest.mark.data
def test_the_severely_adverse_scenario_has_its_published_figures(data):
    source = read_macro(data / "fed_scenarios" / "2025-Table_3A_Supervisory_Severely_Adverse_Domestic.csv")
    table = source.scenarios["Supervisory Severely Adverse"]
    column = {name: table.values[:, place] for place, name in enumerate(table.factors)}
    assert column["unemployment_rate"].max() == pytest.approx(0.10)
    assert months.label(int(table.months[column["unemployment_rate"].argmax()])) == "2026-09"
    assert column["real_gdp_growth"].min() == pytest.approx(-0.089)
    assert column["house_price_index"].min() == pytest.approx(214.4)
    assert column["commercial_property_index"].min() == pytest.approx(216.5)
    assert column["vix"].max() == pytest.approx(65.0)


@pytest.mark.data
def test_international_tables_get_names_by_area(data):
    for file in sorted((data / "fed_scenarios").glob("*International*.csv")):
        table = next(iter(read_macro(file).scenarios.values()))
        assert {
            "euro_area_real_gdp_growth",
            "uk_inflation",
            "japan_exchange_rate",
            "developing_asia_inflation",
        } <= set(table.factors)
        assert len(table.factors) == 12


@pytest.mark.data
def test_public_series_are_read_with_their_own_frequency(data):
    found = {file.stem: read_macro(file) for file in (data / "fred").glob("*.csv")}
    assert found["UNRATE"].frequency == "monthly"
    assert found["GDPC1"].frequency == "quarterly"
    history = found["UNRATE"].history()
    assert np.isnan(history.values[12 * 2025 + 9 - history.first, 0])
    assert found["UNRATE"].warnings == ("unemployment_rate: no value was published for 2025-10",)
    rates = found["chargeoff_rates_quarterly"].history()
    cards = rates.values[:, rates.factors.index("credit_card_charge_off_rate")]
    assert cards.max() == pytest.approx(0.1054)  # 2009 Q4
    assert months.label(int(rates.months[cards.argmax()])) == "2009-12"
    assert found["GDPC1"].history().kinds == ("index",)


@pytest.mark.data
def test_the_jump_off_row_opens_the_first_quarter_of_an_index(data):
    folder = data / "fed_scenarios"
    history = read_macro(folder / "2025-Table_1A_Historic_Domestic.csv")
    source = read_macro(folder / "2025-Table_3A_Supervisory_Severely_Adverse_Domestic.csv")
    alone, opened = monthly(source)[0], monthly(source, (history,))[0]
    house = alone.factors.index("house_price_index")
    assert alone.values[0, house] == 275.1
    assert opened.values[0, house] == pytest.approx(322.1 ** (2 / 3) * 275.1 ** (1 / 3))
    np.testing.assert_array_equal(alone.values[2, house], opened.values[2, house])


def test_every_series_id_names_a_known_factor():
    assert set(SERIES_IDS.values()) <= set(KNOWN)


def test_percent_become_decimals_and_levels_stay(tmp_path):
    table = read_macro(fed(tmp_path, ROWS)).history()
    np.testing.assert_allclose(table.values, [[0.02, 0.042, 100.0], [0.025, 0.041, 101.0]])
    assert table.kinds == ("growth", "rate", "index")


@pytest.mark.parametrize(
    ("header", "rows", "row", "field", "words"),
    [
        (HEADER, [], None, None, "expected rows below the header, was 'a header only'"),
        (HEADER, [ROWS[0], "Actual,2024 Q4,2.5,many,101"], 2, "Unemployment rate", "expected a number"),
        (HEADER, [ROWS[0], "Actual,2024 Q4,2.5,nan,101"], 2, "Unemployment rate", "expected a finite number"),
        (HEADER, [ROWS[0], "Actual,2024 Q4,inf,4.1,101"], 2, "Real GDP growth", "expected a finite number"),
        (HEADER, [ROWS[0], "Actual,2025 Q1,2.5,4.1,101"], 2, "Date", "a gap"),
        (HEADER, [ROWS[0], "Actual,2024 Q3,2.5,4.1,101"], 2, "Date", "the same date again"),
        (HEADER, [ROWS[1], ROWS[0]], 2, "Date", "a date out of order"),
        (HEADER, [ROWS[0], "Actual,2024 Q5,2.5,4.1,101"], 2, "Date", "expected a date like"),
        (HEADER, [ROWS[0], "Actual,2024 Q4,2.5,4.1"], 2, None, "expected 5 cells"),
        (HEADER, [ROWS[0], "Actual,2024 Q4,2.5,4.1,0"], 2, "house_price_index", "expected a positive level"),
        (HEADER, [ROWS[0], "Actual,2024 Q4,2.5,410,101"], 2, "unemployment_rate", "expected percent"),
        (
            HEADER,
            ["Actual,2024 Q3,2.0,0.042,100", "Actual,2024 Q4,2.5,0.041,101"],
            1,
            "unemployment_rate",
            "expected percent",
        ),
        (
            HEADER,
            ["Down,2024 Q3,2.0,,100", "Down,2024 Q4,2.5,4.1,101"],
            1,
            "unemployment_rate",
            "an empty cell",
        ),
        (
            HEADER,
            [*ROWS, "Actual,2025 Q1,2.5,,101", "Actual,2025 Q2,2.5,4.0,101"],
            3,
            "unemployment_rate",
            "an empty cell",
        ),
        (HEADER, [ROWS[0], ",2024 Q4,2.5,4.1,101"], 2, "Scenario Name", "expected a scenario name"),
        (
            HEADER.replace("Real GDP growth", "Moon phase"),
            ROWS,
            None,
            "Moon phase",
            "expected a variable of the Fed's tables",
        ),
        (
            HEADER.replace("Real GDP growth", "Unemployment rate"),
            ROWS,
            None,
            "Unemployment rate",
            "expected every column once",
        ),
        (
            "date,unemployment_rate,happiness",
            ["2024-01,0.04,1"],
            None,
            "happiness",
            "expected a known factor",
        ),
        (
            "date,unemployment_rate",
            ["2024-01,4.1", "2024-02,4.2"],
            1,
            "unemployment_rate",
            "expected a decimal such as 0.041",
        ),
        ("date,unemployment_rate", ["2024-01,0.04"], None, "date", "expected two rows or more"),
        (
            "date,unemployment_rate",
            ["2024-01,0.04", "2025-01,0.04"],
            None,
            "date",
            "expected monthly or quarterly dates",
        ),
        (
            "date,unemployment_rate",
            ["2024-01,0.04", "2024 Q2,0.04"],
            2,
            "date",
            "expected dates written alike",
        ),
        (
            "day,unemployment_rate",
            ["2024-01,0.04"],
            None,
            None,
            "expected a Fed table, a public series or a CSV",
        ),
        ("date;unemployment_rate", ["2024-01;0.04"], None, None, "expected comma-separated columns"),
        ("DATE,UNRATE,MYSTERY", ["2024-01-01,4.1,1"], None, "MYSTERY", "expected a series of"),
    ],
)
def test_each_fault_is_one_error_that_names_the_place(tmp_path, header, rows, row, field, words):
    path = fed(tmp_path, rows, header)
    with pytest.raises(ScenarioError, match=words) as caught:
        read_macro(path)
    assert caught.value.file == str(path)
    assert caught.value.row == row
    assert caught.value.field == field


@pytest.mark.parametrize(
    "content", [b"", b"  \n\n", b'date,vix\n"2024-01,20\n', b"\xff\xfe\x00D\x00a", b"date,vix\n\x00\x00,1\n"]
)
def test_files_that_are_no_text_tables(tmp_path, content):
    path = tmp_path / "odd.csv"
    path.write_bytes(content)
    with pytest.raises(ScenarioError, match=r"odd\.csv"):
        read_macro(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ScenarioError, match=r"nowhere\.csv.*No such file"):
        read_macro(tmp_path / "nowhere.csv")


def test_a_users_csv_with_scenarios(tmp_path):
    rows = [
        "2024-01-31,Up,0.04,20",
        "2024-02-29,Up,0.041,21",
        "2024-01-31,Down,0.05,30",
        "2024-02-29,Down,0.06,40",
    ]
    text = "\n".join(["date,scenario,unemployment_rate,vix", *rows])
    source = read_macro(user(tmp_path, text))
    assert list(source.scenarios) == ["Up", "Down"]
    assert source.frequency == "monthly"
    down = monthly(source)[1]
    assert down.require("unemployment_rate", 12 * 2024, 12 * 2024 + 1).tolist() == [0.05, 0.06]


def test_a_users_csv_without_scenarios_takes_the_files_name_and_a_mark_at_its_start_is_no_harm(tmp_path):
    source = read_macro(user(tmp_path, "\ufeffdate,vix\n2024 Q1,20\n2024 Q2,21\n"))
    assert list(source.scenarios) == ["mine"]
    assert source.scenarios["mine"].step == 3


TOML = """
name = "Slump"
first = "2025 Q1"
[factor.unemployment_rate]
unit = "percent"
values = [4.5, 6.0]
[factor.steel_price]
kind = "index"
values = [100, 90.5]
"""


def test_a_users_toml(tmp_path):
    source = read_macro(user(tmp_path, TOML, "slump.toml"))
    table = source.scenarios["Slump"]
    assert table.factors == ("unemployment_rate", "steel_price")
    assert table.kinds == ("rate", "index")
    np.testing.assert_allclose(table.values, [[0.045, 100.0], [0.06, 90.5]])
    assert monthly(source)[0].first == 12 * 2025


def test_a_users_toml_may_point_to_a_file(tmp_path):
    user(tmp_path, "date,rate\n2024-01-01,4.0\n2024-02-01,4.5\n", "rates.csv")
    text = '[factor.local_rate]\nkind = "yield"\nunit = "percent"\nfile = "rates.csv"\ncolumn = "rate"\n'
    source = read_macro(user(tmp_path, 'name = "Actual"\n' + text, "local.toml"))
    np.testing.assert_allclose(source.history().values[:, 0], [0.04, 0.045])


@pytest.mark.parametrize(
    ("change", "to", "words"),
    [
        ("values = [4.5, 6.0]", "values = [4.5]", "expected 1 periods|expected 2 periods"),
        ("values = [4.5, 6.0]", "values = [4.5, nan]", "expected a finite number"),
        ("values = [4.5, 6.0]", "values = [4.5, true]", "expected a finite number"),
        ("values = [4.5, 6.0]", "values = []", "expected a list of numbers"),
        ("values = [4.5, 6.0]", "", "expected either values or file"),
        ('unit = "percent"', 'unit = "bips"', "expected a unit"),
        ('unit = "percent"', "", "expected a decimal such as 0.041"),
        ('kind = "index"', "", "expected a kind of"),
        ('kind = "index"', 'sort = "index"', "expected in factor.steel_price a key of"),
        ('name = "Slump"', "name = 3", "expected a text"),
        ('name = "Slump"', 'title = "Slump"', "expected in the file a key of"),
        ('first = "2025 Q1"', "", "expected a text, was 'nothing'"),
        ('first = "2025 Q1"', 'first = "soon"', "expected a date like"),
        (
            'first = "2025 Q1"',
            'first = "2025-02"\nfrequency = "quarterly"',
            "expected a quarter's first month",
        ),
        ('first = "2025 Q1"', "first =", "expected a readable TOML file"),
    ],
)
def test_each_fault_of_a_toml_file(tmp_path, change, to, words):
    with pytest.raises(ScenarioError, match=words):
        read_macro(user(tmp_path, TOML.replace(change, to), "slump.toml"))
