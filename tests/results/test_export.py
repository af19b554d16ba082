"""Tables as files: what is read back is what the result says, and names of a tape stay texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from loantwin.errors import UsageError
from loantwin.results.units import unit_of
from tests.results.samples import classes, sample

KINDS = {kind.__name__: kind for kind in classes()}
EVIL = ("=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2+3", "\t=1+1")


@pytest.mark.parametrize("name", ["Forecast", "StressResult", "Ifrs9Result"])
def test_files_hold_the_frames_they_are_of(name: str, tmp_path: Path, oracle: Any) -> None:
    oracle("fastexcel")
    result = sample(KINDS[name])
    csv, parquet, book = (result.save(tmp_path / f"x{end}") for end in (".csv", ".parquet", ".xlsx"))
    main = result.frame()
    assert pl.read_parquet(parquet).equals(main)
    assert pl.read_csv(csv, schema_overrides=main.schema).equals(main)
    told = pl.read_parquet_metadata(parquet)
    assert told["currency"] == "EUR"
    assert json.loads(told["provenance"]) == result.provenance
    units = json.loads(told["units"])
    assert {unit_of(name, column, "EUR") for column in units} <= {"EUR", "share"}
    about = json.loads((tmp_path / "x.csv-metadata.json").read_text(encoding="utf-8"))
    assert {one["name"]: one.get("unit") for one in about["tableSchema"]["columns"]} == {
        column: units.get(column) for column in main.columns
    }
    sheets = pl.read_excel(book, sheet_id=0)
    frames = result.frames()
    assert [sheet[:25] for sheet in sheets] == ["about", *(table[:25] for table in frames)]
    for (table, frame), sheet in zip(frames.items(), list(sheets.values())[1:], strict=True):
        for column, read in zip(frame.columns, sheet.columns, strict=True):
            assert read.partition(",")[0] == column.replace("_", " ").strip()
            if frame.schema[column].is_numeric():
                assert sheet[read].to_list() == pytest.approx(frame[column].to_list()), (table, column)


def test_one_named_table_goes_to_a_file(tmp_path: Path, oracle: Any) -> None:
    oracle("fastexcel")
    result = sample(KINDS["StressResult"])
    assert pl.read_csv(result.save(tmp_path / "x.csv", "paths.months"))["month"].len() == 4
    assert list(pl.read_excel(result.save(tmp_path / "x.xlsx", "bands"), sheet_id=0)) == [
        "about",
        "bands",
        "provenance",
    ]
    with pytest.raises(UsageError, match=r"expected one of .*paths\.months.*, was 'no'"):
        result.save(tmp_path / "y.csv", "no")
    with pytest.raises(UsageError, match=r"ends in \.csv, \.parquet, \.xlsx"):
        result.save(tmp_path / "y.txt")
    with pytest.raises(UsageError, match="folder that exists"):
        result.save(tmp_path / "no" / "y.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "x.csv",
        "x.csv-metadata.json",
        "x.xlsx",
    ]


def test_names_of_a_tape_are_no_formulas(tmp_path: Path, oracle: Any) -> None:
    oracle("fastexcel")
    import zipfile

    result = sample(KINDS["Ifrs9Result"])
    part = next(iter(result.by_stage.values()))
    object.__setattr__(result, "by_stage", dict.fromkeys(EVIL, part))
    text = result.save(tmp_path / "x.csv").read_text(encoding="utf-8")
    for evil in EVIL:
        assert f"\n{evil}" not in text
        assert f"\n'{evil[0]}" in text
    book = result.save(tmp_path / "x.xlsx")
    with zipfile.ZipFile(book) as packed:
        inside = {
            name: packed.read(name).decode()
            for name in packed.namelist()
            if name.startswith("xl/worksheets/")
        }
    assert inside
    assert not any("<f>" in sheet for sheet in inside.values())
    assert pl.read_excel(book, sheet_name="by_stage")["stage"].to_list()[:2] == list(EVIL[:2])


def test_headings_say_the_unit_and_claim_none_that_is_not_so() -> None:
    assert unit_of("Forecast", "charged_off_p05", "EUR") == "EUR"
    assert unit_of("Forecast", "charged_off_loans_mean", "EUR") == ""
    assert unit_of("Forecast", "default_rate_mean", "EUR") == "share"
    assert unit_of("ProvisionExplanation", "charged_off", "EUR") == "share"
    assert unit_of("StressResult", "without_charged_off", "EUR") == "EUR"
    assert unit_of("CapitalResult", "risk_weight", "EUR") == "share"
    assert unit_of("LossResult", "es_standard_error", "EUR") == "EUR"
    assert unit_of("RollRatesResult", "number", "") == ""
    assert unit_of("Backtest", "crps", "EUR") == ""
    assert unit_of("ComparisonResult", "amount_forecast_p95", "EUR") == "EUR"
    assert unit_of("ComparisonResult", "amount_last_year", "EUR") == "EUR"
    assert unit_of("ComparisonResult", "number_forecast_p95", "EUR") == ""
