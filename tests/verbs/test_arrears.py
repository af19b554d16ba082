"""Every measure gives one answer, whether the tape states the state or only the days past due."""

import datetime as dt
from pathlib import Path

import pytest

import loantwin as lt

AS_OF = dt.date(2022, 12, 31)
SNAPSHOT = "F01-days-past-due-snapshot"


def made(panel_home: Path, lender: Path, folder: Path, tape: Path, mapping: str | Path) -> Path:
    """Make a twin of a snapshot that takes its model over from the twin of a panel."""
    lt.twin_create(folder, tape, str(mapping), AS_OF)
    lt.fit(folder, [lender / "macro.csv"], model_from=panel_home)
    return folder


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:expected segments")  # the snapshot is one segment, the panel was more
def test_states_from_days_and_stated_states_give_the_same(
    cases: Path, panel_home: Path, lender: Path, tmp_path: Path
) -> None:
    case = cases / SNAPSHOT
    days = made(panel_home, lender, tmp_path / "days", case / "d60.csv", case / "sd.toml")
    stated = made(panel_home, lender, tmp_path / "stated", case / "s75.csv", case / "sds.toml")
    for measure in (
        lambda home: lt.loss(home, months=12).to_dict()["expected_loss"],
        lambda home: lt.provisions(home, "ifrs9").to_dict()["by_stage"],
        lambda home: lt.provisions(home, "cecl").to_dict()["allowance"],
        lambda home: lt.provisions(home, "five-level").to_dict()["by_class"],
        lambda home: lt.capital(home, any_date=True).to_dict()["approaches"]["foundation-irb"],
        lambda home: lt.forecast(home, months=12).to_dict()["totals"],
    ):
        assert measure(days) == measure(stated)
    assert lt.provisions(days, "ifrs9").to_dict()["by_stage"]["2"]["loans"] == 30


@pytest.mark.filterwarnings("ignore:expected segments")
def test_loans_more_than_ninety_days_late_are_in_default_everywhere(
    cases: Path, panel_home: Path, lender: Path, tmp_path: Path
) -> None:
    case = cases / SNAPSHOT
    home = made(panel_home, lender, tmp_path / "late", case / "def.csv", case / "sd.toml")
    allowance = lt.provisions(home, "ifrs9").to_dict()["by_stage"]["3"]
    assert allowance["loans"] == 30
    found = lt.capital(home, any_date=True).to_dict()["approaches"]["foundation-irb"]
    assert found["expected_loss"] == pytest.approx(allowance["allowance"])


@pytest.mark.slow
def test_a_panel_without_states_fits_as_the_one_that_states_them(lender: Path, tmp_path: Path) -> None:
    text = (lender / "mapping.toml").read_text(encoding="utf-8")
    before, _, after = text.partition("[panel.state]")
    (tmp_path / "days.toml").write_text(before + after[after.index("[panel.") :], encoding="utf-8")
    homes = {}
    for name, mapping in (("stated", lender / "mapping.toml"), ("days", tmp_path / "days.toml")):
        homes[name] = tmp_path / name
        lt.twin_create(homes[name], lender / "tape.csv", str(mapping), AS_OF)
    states = {}
    for name, home in homes.items():
        with lt.open(home) as twin:
            assert twin.known_panel is not None
            states[name] = twin.known_panel.select("loan_id", "report_date", "state")
    joined = states["stated"].join(states["days"], on=["loan_id", "report_date"], suffix="_days")
    live = joined.filter(joined["state"].is_in(["current", "dpd_1_29", "dpd_30_59", "dpd_60_89"]))
    assert live.height > 10_000
    assert live["state"].equals(live["state_days"], check_names=False)
    lt.fit(homes["days"], [lender / "macro.csv"])
    assert lt.forecast(homes["days"], months=12).to_dict()["totals"]["defaulted"]["mean"] > 0
