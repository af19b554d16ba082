"""`loantwin capital` as typed: tables, one document, one message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import loantwin as lt
from loantwin import fit, synthetic, twin_create
from loantwin.errors import UsageError
from loantwin.interfaces.cli.main import app

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from datetime import date

    folder = tmp_path_factory.mktemp("capital")
    synthetic(folder / "raw", loans=1500, months=36, seed=9, as_tape="mapping")
    twin_create(
        folder / "twin", folder / "raw/tape.csv", str(folder / "raw/mapping.toml"), date(2022, 12, 31)
    )
    fit(folder / "twin", [folder / "raw/macro.csv"])
    return folder / "twin"


def typed(*words: object) -> str:
    made = RUNNER.invoke(app, ["capital", *map(str, words), "--any-date"], catch_exceptions=False)
    assert made.exit_code == 0, made.output
    return made.stdout


def test_tables_name_classes_floors_assumptions_and_rules(home: Path, tmp_path: Path) -> None:
    funds = tmp_path / "funds.toml"
    funds.write_text("cet1 = 1e7\nearnings = 1e6\neligible_provisions = 1e5\n", "utf-8")
    shown = typed(home, "--capital", funds, "--year", 2026)
    for words in (
        "By class, standardised",
        "Floors and caps that bind, advanced IRB",
        "CRE32.58",
        "Output floor of 2026 (65 %), foundation IRB",
        "Expected loss against provisions",
        "Ratios, advanced IRB",
        "What may be paid out",
        "groups of borrowers",
        "How loans were classified",
        "downturn_slope",
        "not checked against the text",
    ):
        assert words in shown, words


def test_one_document_and_an_explanation(home: Path) -> None:
    document = json.loads(typed(home, "--approach", "standardised", "--options", "china", "--json"))
    assert document["schema"] == "loantwin.capital/1"
    name = document["large_exposures"]["groups"][0]["names"][0]

    with lt.open(home) as twin:
        loan = twin.book.loans.row(0, named=True)["loan_id"]
    assert name
    shown = typed("explain", home, loan)
    for words in (
        f"Loan {loan}",
        "correlation R",
        "capital requirement K",
        "CRE31.",
        "Standardised",
        "Advanced IRB",
    ):
        assert words in shown, words
    explained = json.loads(typed("explain", home, loan, "--json", "--approach", "advanced-irb"))
    assert explained["schema"] == "loantwin.capital-explanation/1"
    assert list(explained["approaches"]) == ["advanced-irb"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("HOME", "x"), "expected one home, or explain DIR LOAN"),
        (("explain", "HOME"), "expected explain DIR LOAN"),
        (("explain", "HOME", "x", "--year", "2026"), "one loan has no ratios"),
        (("explain", "HOME", "x", "--any-date"), "field LOAN: expected a loan on the book"),
    ],
)
def test_what_does_not_fit_is_refused(home: Path, words: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        RUNNER.invoke(
            app,
            ["capital", *(str(home) if word == "HOME" else word for word in words)],
            catch_exceptions=False,
        )
