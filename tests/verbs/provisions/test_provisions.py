"""Provisions in depth and the movement on a panel's twin: what adds up, and what is refused."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import jsonschema
import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import loantwin as lt
from loantwin.errors import InputError, RiskError
from loantwin.events.event import Event
from loantwin.events.home import Home
from loantwin.interfaces.cli.main import app
from loantwin.interfaces.cli.tables.render import render
from loantwin.interfaces.report.movement import write
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.portfolio import known_standing
from loantwin.risk.provisions.movement import LINES
from loantwin.risk.provisions.movement_statement import GROSS, TABLE, MovementResult

pytestmark = pytest.mark.usefixtures("few_paths")
OVERLAY = (
    '[[overlay]]\nname = "o"\nauthor = "A"\nreason = "R"\nexpires = {expires}\npercent = 10.0\nstages = '
    '["1"]\n'
)


@pytest.fixture(scope="module")
def panel_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a twin like the shared one of a third of its size: two dates are valued in most tests here."""
    folder = tmp_path_factory.mktemp("third")
    lt.synthetic(folder / "raw", loans=1000, months=48, seed=5, as_tape="mapping")
    mapping = str(folder / "raw/mapping.toml")
    lt.twin_create(folder / "twin", folder / "raw/tape.csv", mapping, date(2022, 12, 31))
    lt.fit(folder / "twin", [folder / "raw/macro.csv"])
    return folder / "twin"


@pytest.fixture(scope="module")
def moved(panel_home: Path) -> MovementResult:
    return lt.movement(panel_home, date(2021, 12, 31))


def cents(value: float) -> int:
    return round(100 * value)


def test_the_movement_ends_at_what_provisions_say(panel_home: Path, moved: MovementResult) -> None:
    allowance = lt.provisions(panel_home, "ifrs9")
    closing = moved.lines["closing"]
    assert moved.closing == pytest.approx(
        allowance.allowance, abs=0.005 * closing.loans
    )  # each loan rounded to a cent
    for stage in ("1", "2", "3"):
        part = allowance.by_stage[stage]  # type: ignore[union-attr]
        assert closing.by_stage[stage] == pytest.approx(part.allowance, abs=0.005 * part.loans + 0.01)


def test_the_movement_sums_to_the_cent_by_stage_and_by_segment(moved: MovementResult) -> None:
    for stage in ("1", "2", "3"):
        steps = sum(cents(moved.lines[name].by_stage[stage]) for name in LINES if name != "closing")
        assert steps == cents(moved.lines["closing"].by_stage[stage])
    for name, line in moved.lines.items():
        if name != "transfers":
            assert sum(cents(part[name]) for part in moved.by_segment.values()) == cents(line.amount)
    assert moved.lines["originated"].loans > 0
    assert moved.lines["written_off"].amount < 0
    assert moved.stage_moves
    for stage in ("1", "2", "3"):
        for lines, names in ((moved.table, TABLE), (moved.gross_carrying, GROSS)):
            steps = sum(cents(lines[name].by_stage[stage]) for name in names if name != "closing")
            assert steps == cents(lines["closing"].by_stage[stage])
    document = json.loads(json.dumps(moved.to_dict(), allow_nan=False))
    jsonschema.validate(document, MovementResult.json_schema())


def test_write_offs_recoveries_and_gross_amounts_are_those_of_the_tape(
    panel_home: Path, moved: MovementResult
) -> None:
    """Against the tape's own columns: what was written off and came back in 2022, and what stood then."""
    with lt.open(panel_home) as twin:
        loans, panel, book = twin.tables.loans, twin.tables.panel, twin.book
    assert panel is not None
    year = pl.col("charge_off_date").is_between(date(2022, 1, 1), date(2022, 12, 31))
    gone = loans.filter(year)
    assert moved.charged_off == pytest.approx(gone["charged_off"].sum(), abs=0.01)
    back = panel.filter(pl.col("report_date").is_between(date(2022, 1, 1), date(2022, 12, 31)))
    assert moved.profit.recoveries == pytest.approx(back["recovered"].sum(), abs=0.01)
    assert moved.profit.recoveries > 0.0
    assert moved.gross_carrying["closing"].amount == pytest.approx(
        book.loans["principal"].sum() + book.loans["accrued_interest"].fill_null(0.0).sum(), abs=1.0
    )
    profit, table = moved.profit, moved.table
    assert cents(profit.charge + profit.recoveries) == cents(profit.through_allowance)
    ended = moved.opening + profit.through_allowance + profit.unwind_impaired - profit.written_off
    assert cents(ended) == cents(moved.closing)
    stage_3 = moved.lines["opening"].by_stage["3"]
    assert 0.0 < table["unwind"].by_stage["3"] < 0.3 * stage_3


def test_the_losses_of_the_year_are_tied(moved: MovementResult) -> None:
    losses = moved.losses
    assert cents(losses.charge["charge"]) == cents(moved.profit.charge)
    assert cents(losses.in_default["closing"]) == cents(moved.gross_carrying["closing"].by_stage["3"])
    figures = losses.figures
    assert figures["defaulted"].gross > -losses.in_default["charged_off"]  # type: ignore[operator]
    year, life = figures["expected_12m"], figures["expected_lifetime"]
    assert 0.0 < year.net <= year.gross < life.gross  # type: ignore[operator]


@pytest.mark.slow
def test_the_journal_ties_to_the_movement_to_the_cent(panel_home: Path, moved: MovementResult) -> None:
    made = lt.journal(panel_home, date(2021, 12, 31))
    assert cents(made.total_debit) == cents(made.total_credit)
    for entry in {posting.entry for posting in made.postings}:
        sides = [(posting.debit, posting.credit) for posting in made.postings if posting.entry == entry]
        assert sum(cents(debit) - cents(credit) for debit, credit in sides) == 0
    assert cents(made.allowance) == cents(moved.closing)
    assert cents(made.gross_carrying_amount) == cents(moved.gross_carrying["closing"].amount)
    assert cents(made.charge) == cents(moved.profit.charge)
    done = CliRunner().invoke(app, ["journal", str(panel_home), "--from", "31.12.2021"])
    assert "a date YYYY-MM-DD" in str(done.exception)


@pytest.mark.slow
def test_recoveries_that_the_log_records_count(
    panel_home: Path, moved: MovementResult, tmp_path: Path
) -> None:
    home = tmp_path / "twin"
    shutil.copytree(panel_home, home)
    with lt.open(home) as twin:
        gone = twin.known_loans.filter(pl.col("charge_off_date") <= date(2022, 6, 30))["loan_id"][0]
    with Home.open(home, writable=True) as opened:
        fact = {"loan_id": gone, "amount": 123_45}
        opened.append([Event("RecoveryReceived", date(2022, 12, 30), fact)])
    made = lt.movement(home, date(2021, 12, 31))
    assert made.profit.recoveries == pytest.approx(moved.profit.recoveries + 123.45, abs=0.005)  # type: ignore[operator]
    assert made.closing == moved.closing


@pytest.mark.slow
def test_one_loan_is_explained_and_rows_by_loan_add_up(panel_home: Path, tmp_path: Path) -> None:
    file = tmp_path / "loans.parquet"
    whole = lt.provisions(panel_home, "ifrs9", out=file)
    rows = pl.read_parquet(file)
    assert rows["allowance"].sum() == pytest.approx(whole.allowance, rel=1e-9)
    for stage in ("1", "2", "3"):
        row = rows.filter((pl.col("stage") == stage) & (pl.col("allowance") > 0)).row(0, named=True)
        one = lt.provisions_explain(panel_home, row["loan_id"], "ifrs9")
        assert (one.stage, one.exposure) == (stage, pytest.approx(row["exposure"]))
        assert one.allowance == pytest.approx(row["allowance"], rel=1e-9)
        assert one.pd_at_recognition == pytest.approx(row["pd_at_recognition"])
    book = tmp_path / "loan.xlsx"
    done = CliRunner().invoke(
        app,
        ["provisions", "explain", str(panel_home), row["loan_id"], "--standard", "cecl", "--out", str(book)],
    )
    assert done.exit_code == 0, done.exception
    assert book.read_bytes()[:2] == b"PK"
    with pytest.raises(InputError, match="a loan on the book"):
        lt.provisions_explain(panel_home, "none", "ifrs9")
    with pytest.raises(InputError, match=r"ends in \.parquet"):
        lt.provisions(panel_home, "ifrs9", out=tmp_path / "loans.csv")


@pytest.mark.slow
def test_with_one_model_nothing_falls_on_the_model(panel_home: Path) -> None:
    same = lt.movement(panel_home, date(2021, 12, 31), same_model=True)
    assert same.lines["lgd"].amount == 0.0
    # what is left is the period effect: the opening sees the closing level faded by a year, the closing sees
    # it as it is
    assert abs(same.lines["model"].amount) < same.closing
    assert "learnt later" in same.notes[0]


@pytest.mark.slow
def test_overlays_move_a_line_of_their_own(panel_home: Path, moved: MovementResult, tmp_path: Path) -> None:
    file = tmp_path / "o.toml"
    file.write_text(OVERLAY.format(expires="2023-06-30"))
    made = lt.movement(panel_home, date(2021, 12, 31), overlays=file)
    assert made.lines["overlays"].amount == pytest.approx(
        0.1 * moved.lines["closing"].by_stage["1"], rel=1e-3
    )
    for name in LINES:
        if name not in ("overlays", "closing"):
            assert made.lines[name] == moved.lines[name]
    beside = lt.provisions(panel_home, "ifrs9", overlays=file)
    assert beside.overlay_total == pytest.approx(made.lines["overlays"].amount, abs=20.0)  # type: ignore[union-attr]
    file.write_text(OVERLAY.format(expires="2022-06-30"))
    with pytest.raises(RiskError, match="overlay o: expected an overlay in force at 2022-12-31"):
        lt.provisions(panel_home, "ifrs9", overlays=file)


def test_what_is_asked_wrongly_is_refused(panel_home: Path, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="opening: expected an opening date before the closing date 2022-12-31"
    ):
        lt.movement(panel_home, date(2022, 12, 31))
    with pytest.raises(
        InputError, match="method: expected one of pd-lgd, dcf, vintage, warm, roll-rate, all, was 'guess'"
    ):
        lt.provisions(panel_home, "cecl", method="guess")
    with pytest.raises(InputError, match="expected `standard` cecl with `method`"):
        lt.provisions(panel_home, "ifrs9", method="all")
    file = tmp_path / "o.toml"
    file.write_text(OVERLAY.format(expires="2023-06-30"))
    with pytest.raises(InputError, match="expected a standard of expected losses with `overlays`"):
        lt.provisions(panel_home, "five-level", overlays=file)


def test_five_methods_on_a_panel(panel_home: Path) -> None:
    found = lt.provisions(panel_home, "cecl", method="all").methods  # type: ignore[union-attr]
    assert all(item.allowance is not None and item.allowance > 0 for item in found.values())
    assert found["dcf"].allowance < found["pd-lgd"].allowance  # type: ignore[operator]
    for item in found.values():
        assert sum(item.by_pool.values()) == pytest.approx(item.allowance, rel=1e-9)


def test_the_page_and_the_tables(
    moved: MovementResult, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    render(moved)
    assert "written off" in capsys.readouterr().out
    page = tmp_path / "movement.html"
    write(moved, page)
    html = page.read_text(encoding="utf-8")
    assert "Movement of the allowance" in html
    assert 'src="http' not in html
    assert 'href="http' not in html


def test_the_command_needs_a_date_as_it_is_written(panel_home: Path) -> None:
    done = CliRunner().invoke(app, ["movement", str(panel_home), "--from", "31.12.2021"])
    assert isinstance(done.exception, InputError)
    assert "a date YYYY-MM-DD" in str(done.exception)


def test_loans_in_default_are_said_to_keep_their_severity(panel_home: Path) -> None:
    with lt.open(panel_home) as twin:
        outlook = Outlook(twin)
        secured = outlook.secured[np.asarray(known_standing(outlook).defaulted)]
        notes = lt.provisions(twin, standard="ifrs9").provenance["notes"]
    assert secured.any() == any("house_price_index in the scenarios" in note for note in notes)
    assert secured.any()
