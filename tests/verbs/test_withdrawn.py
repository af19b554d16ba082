"""A backtest of a home is remembered by its forecasts, until the model changes."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

import loantwin as lt
from loantwin.performance.backtest.record import FILE, Held, read_record, write_record
from loantwin.performance.backtest.scores import coverage_words

LOW = coverage_words(False, 0.66, 90)


@pytest.mark.slow
def test_a_forecast_reads_what_the_backtest_of_its_model_found(
    panel_home: Path, lender: Path, tmp_path: Path
) -> None:
    home = tmp_path / "twin"
    shutil.copytree(panel_home, home)
    made = lt.backtest(home, "2021-06-30,2021-12-31", horizons=(6, 12), paths=60)
    with lt.open(home) as twin:
        found = read_record(home, twin.provenance()["model_hash"])
    assert found is not None
    rows = {(row.economy, row.figure, row.measure, row.horizon): row for row in found.rows}
    score = made.given_macro.figures["balance"]["6"]
    assert score.observations
    assert rows["given_macro", "balance", "money", 6].held == score.coverage90_untied
    pooled = made.generated_macro.pooled_amounts["balance"]
    assert pooled is not None
    assert rows["generated_macro", "balance", "money", 0].held == pooled.coverage90_untied
    assert lt.forecast(home, months=12, paths=20).withdrawn == {}  # two origins show nothing

    low = [Held("generated_macro", "defaults", "money", 12, 0.66, 0.5, 0.8, 10, LOW)]
    write_record(home, replace(found, rows=(*found.rows, *low)))
    after = lt.forecast(home, months=12, paths=20)
    assert after.withdrawn == {"defaulted": 0.66, "default_rate": 0.66}
    assert any(f"backtest of {found.date}" in note for note in after.notes)
    told = after.to_dict()
    shown = [
        told["totals"]["defaulted"],
        told["default_rate"],
        *(month["defaulted"] for month in told["months"]),
    ]
    assert all(item["p05"] is None and item["p95"] is None and item["mean"] > 0.0 for item in shown)
    assert told["totals"]["balance"]["p05"] is not None
    jsonschema.validate(told, after.json_schema())

    lt.fit(home, [lender / "macro.csv"], combine=True)  # another model: the record is of the one before
    assert (home / FILE).exists()
    assert lt.forecast(home, months=12, paths=20).withdrawn == {}


def test_an_open_twin_is_not_written_to(panel_home: Path, tmp_path: Path) -> None:
    home = tmp_path / "twin"
    shutil.copytree(panel_home, home)
    (home / FILE).unlink(missing_ok=True)
    with lt.open(home) as twin:
        lt.backtest(twin, "2021-12-31", horizons=(6,), paths=20)
    assert not (home / FILE).exists()
