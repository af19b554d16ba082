"""What a backtest found of intervals is kept with the model's name, and read for that model alone."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from loantwin.performance.backtest.record import ALL, FILE, Held, Record, read_record, write_record
from loantwin.performance.backtest.scores import coverage_words, is_withdrawn

LOW = coverage_words(False, 0.66, 90)
OPEN = coverage_words(None, 0.84, 91)


def row(horizon: int, verdict: str, figure: str = "charge_offs", economy: str = "generated_macro") -> Held:
    return Held(economy, figure, "money", horizon, 0.66, 0.5, 0.8, 10, verdict)


def record(*rows: Held) -> Record:
    return Record(dt.date(2026, 3, 1), "ab", rows)


def test_the_horizon_that_reaches_a_forecast_decides() -> None:
    found = record(row(6, OPEN), row(12, LOW), row(24, OPEN), row(ALL, OPEN))
    asked = [found.withdrawn("generated_macro", ("charge_offs",), span) for span in (6, 7, 12, 13, 60)]
    assert asked == [None, 0.66, 0.66, None, None]
    assert LOW == "withdrawn: held 0.66 of the time"


def test_all_horizons_together_withdraw_what_one_leaves_open() -> None:
    found = record(row(12, OPEN), row(ALL, LOW))
    assert found.withdrawn("generated_macro", ("charge_offs",), 12) == 0.66
    # another economy, figure or measure says nothing
    assert found.withdrawn("given_macro", ("charge_offs",), 12) is None
    assert found.withdrawn("generated_macro", ("balance",), 12) is None
    assert found.withdrawn("generated_macro", ("charge_offs",), 12, ["loans"]) is None


def test_the_first_figure_that_was_scored_counts() -> None:
    found = record(row(12, LOW), row(12, OPEN, "defaults"))
    assert found.withdrawn("generated_macro", ("defaults", "charge_offs"), 12) is None
    assert found.withdrawn("generated_macro", ("prepayment", "charge_offs"), 12) == 0.66


def test_only_a_miss_on_the_low_side_withdraws() -> None:
    assert is_withdrawn(LOW)
    assert not any(is_withdrawn(coverage_words(meets, 0.99, 90)) for meets in (True, False, None))


def test_a_record_is_of_its_model_alone(tmp_path: Path) -> None:
    made = record(row(12, LOW), Held("given_macro", "balance", "money", 12, 1.0, None, None, 2, OPEN))
    write_record(tmp_path, made)
    assert read_record(tmp_path, "ab") == made
    assert read_record(tmp_path, "cd") is None
    assert read_record(tmp_path / "none", "ab") is None
    other = {**json.loads((tmp_path / FILE).read_text()), "schema": "loantwin.coverage/2"}
    (tmp_path / FILE).write_text(json.dumps(other))
    assert read_record(tmp_path, "ab") is None
    (tmp_path / FILE).write_text("{")
    assert read_record(tmp_path, "ab") is None
