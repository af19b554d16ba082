"""Folders written: what comes back through the readers is what was generated."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import jsonschema
import polars as pl
import pytest

from loantwin.book.as_of import book_at
from loantwin.book.tape import check, read_tape
from loantwin.errors import UsageError
from loantwin.macro.read import monthly, read_macro
from loantwin.synthesis import write as module
from loantwin.synthesis.generate import generate
from loantwin.synthesis.truth import Truth
from loantwin.synthesis.write import SyntheticSummary, write

LOANS, MONTHS, SEED = 1_500, 30, 4

OUTSIDE = {
    "facility_id",
    "maturity_date",
    "annual_rate",
    "next_reset_date",
    "state",
    "principal",
    "accrued_interest",
    "status",
}
OUTSIDE |= {
    "fees_due",
    "undrawn",
    "gross_carrying_amount",
    "days_past_due",
    "oldest_unpaid_date",
    "on_book_probability",
}
"""Columns of the schema that the raw tapes do not hold, or hold as of another date."""


def _hashes(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lender")
    write(folder, LOANS, MONTHS, SEED, "mapping")
    return folder


def _same(left: pl.DataFrame, right: pl.DataFrame, columns: list[str]) -> None:
    assert left.height == right.height
    for name in columns:
        one, two = left[name], right[name]
        if one.dtype.is_float():
            assert (one.is_null() == two.is_null()).all(), name
            assert (one - two).abs().max() in (None, pytest.approx(0.0, abs=6e-7)), name
        else:
            assert one.equals(two, check_names=False), name


def test_parquet_comes_back_as_generated(tmp_path: Path) -> None:
    write(tmp_path, LOANS, MONTHS, SEED)
    book = generate(LOANS, MONTHS, SEED)
    for name in ("loans", "panel", "parties", "collateral", "guarantees"):
        assert pl.read_parquet(tmp_path / f"{name}.parquet").equals(getattr(book, name)), name
    tape = read_tape(tmp_path / "loans.parquet", tmp_path / "mapping.toml")
    assert tape.quarantine.height == 0
    _same(
        tape.loans,
        book.loans,
        ["loan_id", "product", "origination_date", "originated_amount", "charge_off_date", "recovered"],
    )


def test_the_raw_outcome_table_comes_back_as_generated(raw: Path) -> None:
    tape = read_tape(raw / "outcomes.csv", raw / "outcomes.toml")
    book = generate(LOANS, MONTHS, SEED)
    assert tape.quarantine.height == 0
    assert set(tape.warnings["rule"]) <= {"charged_off_above_originated"}  # lines draw after origination
    _same(tape.loans, book.loans, [name for name in book.loans.columns if name not in OUTSIDE])
    assert json.loads(json.dumps(check(tape).to_dict()))["rejected"] == 0


def test_the_raw_monthly_tape_looks_like_an_export(raw: Path) -> None:
    text = pl.read_csv(raw / "tape.csv", separator=";", infer_schema=False)
    book = generate(LOANS, MONTHS, SEED)
    assert text.height == book.panel.height
    amounts = text["Balance"].str.replace_all(",", "").cast(pl.Float64)
    assert amounts.equals(book.panel["principal"], check_names=False)
    assert text["Balance"].str.contains(r"^\d{1,3}(,\d{3})*\.\d\d$").all()
    assert text["Month end"].str.to_date("%d.%m.%Y").equals(book.panel["report_date"], check_names=False)
    # an ending shows from its own month on, never before
    early = text.filter(
        pl.col("Written off on").str.to_date("%d.%m.%Y") > pl.col("Month end").str.to_date("%d.%m.%Y")
    )
    assert early.height == 0


def test_the_raw_monthly_tape_comes_back_as_generated(raw: Path) -> None:
    tape = read_tape(raw / "tape.csv", raw / "mapping.toml")
    book = generate(LOANS, MONTHS, SEED)
    assert tape.quarantine.height == 0
    assert tape.panel is not None
    _same(tape.panel, book.panel, book.panel.columns)
    outside = OUTSIDE | {"principal_paid", "interest_paid"}
    made = book.loans.with_columns(
        pl.col("charged_off", "recovered").fill_null(0.0)
    )  # the largest of many noughts is nought
    _same(tape.loans, made, [name for name in made.columns if name not in outside])
    summary = check(tape)
    assert summary.loan_months == book.panel.height
    assert summary.totals["charged_off"] == pytest.approx(book.loans["charged_off"].sum())
    assert summary.totals["balance"] == pytest.approx(book.loans["principal"].sum())
    at = date(2021, 12, 31)
    read, there = (
        book_at(loans, panel, tape.mapping, at)
        for loans, panel in ((tape.loans, tape.panel), (book.loans, book.panel))
    )
    _same(
        read.loans, there.loans, ["loan_id", "state", "principal", "days_past_due", "annual_rate", "undrawn"]
    )


def test_the_sba_form_reads_as_sba(tmp_path: Path) -> None:
    summary = write(tmp_path, LOANS, MONTHS, SEED, "sba")
    header = (tmp_path / "tape.csv").read_text().splitlines()[0]
    assert header.count(",") == 26
    tape = read_tape(tmp_path / "tape.csv", "sba")
    assert tape.quarantine.height == 0
    assert tape.totals["charged_off"] == pytest.approx(summary.charged_off, abs=0.01)
    assert tape.status_counts["charged_off"] == summary.loan_count_by_status["charged_off"]


def test_block_and_part_sizes_change_no_byte_of_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, block in (("a", 10_000), ("b", 61)):
        write(tmp_path / name, 400, 20, 3, "mapping", block=block)
    assert _hashes(tmp_path / "a") == _hashes(tmp_path / "b")
    monkeypatch.setattr(module, "PART", 150)
    for name, block in (("c", 10_000), ("d", 61)):
        write(tmp_path / name, 400, 20, 3, block=block)
    assert _hashes(tmp_path / "c") == _hashes(tmp_path / "d")
    parts = sorted((tmp_path / "c" / "panel").iterdir())
    assert [part.name for part in parts] == ["part-00001.parquet", "part-00002.parquet", "part-00003.parquet"]
    assert pl.read_parquet(tmp_path / "c" / "panel" / "*.parquet").equals(generate(400, 20, 3).panel)


def test_planted_dirt_is_found(tmp_path: Path) -> None:
    summary = write(tmp_path, 800, 20, 3, "mapping", planted=0.02)
    rows = summary.files["tape.csv"]
    assert 0.01 * rows < sum(summary.planted.values()) < 0.03 * rows
    assert len(summary.planted) == 4
    tape = read_tape(tmp_path / "tape.csv", tmp_path / "mapping.toml")
    assert check(tape).rejections == summary.planted
    assert tape.rows_read == rows


def test_the_economy_reads_back(raw: Path) -> None:
    book = generate(LOANS, MONTHS, SEED)
    known = monthly(read_macro(raw / "macro.csv"))[0]
    assert known.name == "Actual"
    assert (known.first, known.factors, known.kinds) == (
        book.macro.first,
        book.macro.factors,
        book.macro.kinds,
    )
    assert abs(known.values - book.macro.values).max() < 1e-8
    assert read_macro(raw / "macro_quarterly.csv").form == "fed"
    ahead = monthly(read_macro(raw / "scenarios.csv"))
    assert [scenario.name for scenario in ahead] == ["Baseline", "Adverse", "Severe"]
    assert {scenario.first for scenario in ahead} == {book.macro.last + 1}


def test_the_truth_lies_beside_the_book(raw: Path) -> None:
    document = json.loads((raw / "truth.json").read_text())
    book = generate(LOANS, MONTHS, SEED)
    assert Truth.from_dict(document["truth"]).to_dict() == book.truth.to_dict()
    assert document["drawn"]["latent"]["credit"] == book.latent[:, 0].tolist()


def test_the_summary_is_a_contracted_document(tmp_path: Path) -> None:
    summary = write(tmp_path, 300, 15, 2)
    document = json.loads(json.dumps(summary.to_dict()))
    jsonschema.validate(document, SyntheticSummary.json_schema())
    assert document["schema"] == "loantwin.synthetic/1"
    assert sum(document["loan_count_by_status"].values()) == document["loans"] == 300
    assert document["balance"] == pytest.approx(generate(300, 15, 2).loans["principal"].sum())


def test_bad_arguments_leave_the_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(UsageError, match="new or empty folder"):
        write(tmp_path, 10, 12, 1)
    with pytest.raises(UsageError, match="expected one of sba, mapping"):
        write(tmp_path / "new", 10, 12, 1, "excel")
    with pytest.raises(UsageError, match="expected at least 1 loan"):
        write(tmp_path / "new", 0, 12, 1)
    with pytest.raises(UsageError, match="planted"):
        write(tmp_path / "new", 10, 12, 1, planted=0.1)
    assert not (tmp_path / "new").exists()
    assert (tmp_path / "mine.txt").read_text() == "keep"
