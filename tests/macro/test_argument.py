"""`--scenario FILE[#NAME][=WEIGHT]`."""

from __future__ import annotations

import pytest

from loantwin.errors import InputError, ScenarioError, UsageError
from loantwin.macro.read import ScenarioArgument, check_weights, parse_argument, result_names, select

ONE = "date,vix\n2024 Q1,20\n2024 Q2,21\n"
TWO = "date,scenario,vix\n2024 Q1,Up,20\n2024 Q2,Up,21\n2024 Q1,Down,30\n2024 Q2,Down,40\n"


@pytest.fixture
def files(tmp_path):
    for name, text in (
        ("one.csv", ONE),
        ("two.csv", TWO),
        ("odd#Up=0.5", TWO),
        ("odd", ONE),
        ("a=b.csv", ONE),
    ):
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "file", "name", "weight"),
    [
        ("one.csv", "one.csv", None, None),
        ("one.csv=0.4", "one.csv", None, 0.4),
        ("two.csv#Up", "two.csv", "Up", None),
        ("two.csv#Up=0.25", "two.csv", "Up", 0.25),
        ("two.csv#Very Bad # 2=1", "two.csv", "Very Bad # 2", 1.0),
        ("two.csv#gdp=low", "two.csv", "gdp=low", None),
        ("two.csv#gdp=low=0.5", "two.csv", "gdp=low", 0.5),
        ("odd#Up=0.5", "odd#Up=0.5", None, None),
        ("odd#Up=0.5#Down=0.5", "odd#Up=0.5", "Down", 0.5),
        ("odd#Up", "odd", "Up", None),
        ("a=b.csv", "a=b.csv", None, None),
        ("a=b.csv=0.5", "a=b.csv", None, 0.5),
    ],
)
def test_an_existing_path_wins_over_parsing(files, text, file, name, weight):
    assert parse_argument(str(files / text)) == ScenarioArgument(files / file, name, weight)


@pytest.mark.parametrize(
    "text",
    ["nowhere.csv", "nowhere.csv#Up=0.5", "one.csv=much", "one.csv=1.5", "one.csv=nan", "two.csv#", ""],
)
def test_arguments_that_mean_nothing(files, text):
    with pytest.raises(ScenarioError, match="expected"):
        parse_argument(str(files / text) if text else text)


def test_a_name_may_be_left_out_where_there_is_one(files):
    scenario, source = select(parse_argument(str(files / "one.csv")))
    assert (scenario.name, source.path) == ("one", str(files / "one.csv"))
    with pytest.raises(ScenarioError, match="expected FILE#NAME with a name of Up, Down"):
        select(parse_argument(str(files / "two.csv")))
    with pytest.raises(ScenarioError, match="expected a scenario of Up, Down, was 'Sideways'"):
        select(parse_argument(str(files / "two.csv#Sideways")))


@pytest.mark.data
def test_the_scenario_of_a_history_table_is_actual(data):
    path = data / "fed_scenarios" / "2025-Table_1A_Historic_Domestic.csv"
    assert select(parse_argument(f"{path}#Actual"))[0].name == "Actual"
    assert select(parse_argument(str(path)))[0].name == "Actual"


def test_results_are_keyed_by_name_or_by_file_where_names_collide(files):
    (files / "three.csv").write_text(TWO)
    arguments = [parse_argument(str(files / text)) for text in ("two.csv#Up", "three.csv#Up", "two.csv#Down")]
    scenarios = [select(argument)[0] for argument in arguments]
    assert result_names(arguments, scenarios) == ["two#Up", "three#Up", "Down"]
    with pytest.raises(UsageError, match="two#Up 2 times"):
        result_names([arguments[0]] * 2, [scenarios[0]] * 2)


def test_weights(files):
    def weights(*texts):
        return check_weights([parse_argument(str(files / text)) for text in texts])

    assert weights("one.csv") == (1.0,)
    assert weights("one.csv=1") == (1.0,)
    assert weights("two.csv#Up=0.3", "two.csv#Down=0.6", "one.csv=0.1") == (0.3, 0.6, 0.1)
    for bad in (["one.csv=0.5"], ["two.csv#Up=0.3", "two.csv#Down=0.6"], ["two.csv#Up=0.3", "two.csv#Down"]):
        with pytest.raises(InputError, match="weight"):
            weights(*bad)
