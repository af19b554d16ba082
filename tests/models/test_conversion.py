"""The conversion factor against a planted truth, by hand, and what tells nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

import loantwin as lt
from loantwin.models.conversion import LEAST_DEFAULTS, conversion_words, fit_conversion
from loantwin.outlook.outlook import Outlook

PLANTED = 0.25
"""`synthesis.default_truth`: drawn of the undrawn in the month a payment is first missed."""


def tables(count: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return lines of 1,000 with 600 drawn, up to date for two months, that draw 100 when they first miss."""
    names = [f"L{number}" for number in range(count)]
    months = [date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 30), date(2024, 5, 31)]
    states = ["current", "current", "dpd_1_29", "dpd_60_89", "default_0_3"]
    principal, undrawn = [500.0, 600.0, 700.0, 690.0, 690.0], [500.0, 400.0, 300.0, 310.0, 0.0]
    panel = pl.DataFrame(
        {
            "loan_id": [name for name in names for _ in months],
            "report_date": months * count,
            "state": states * count,
            "principal": principal * count,
            "undrawn": undrawn * count,
        }
    )
    loans = pl.DataFrame(
        {"loan_id": names, "weight": [1.0] * count, "product": "revolving", "approved_amount": 1000.0}
    )
    return panel, loans


def test_by_hand() -> None:
    panel, loans = tables(LEAST_DEFAULTS)
    found = fit_conversion(panel, loans)
    assert found is not None
    # 600 and 400 undrawn at the last report up to date; 700 at the most
    assert found.factor == pytest.approx(100.0 / 400.0, rel=1e-12)
    assert found.undrawn == 400.0 * LEAST_DEFAULTS
    unsaid = fit_conversion(panel.with_columns(undrawn=pl.lit(None, pl.Float64)), loans)
    assert unsaid is not None
    assert unsaid.factor == pytest.approx(0.25, rel=1e-12)  # 1,000 approved less 600


def test_few_defaults_and_loans_without_a_line_tell_nothing() -> None:
    assert fit_conversion(*tables(LEAST_DEFAULTS - 1)) is None
    panel, loans = tables(LEAST_DEFAULTS)
    term = loans.with_columns(product=pl.lit("instalment"))
    assert fit_conversion(panel.with_columns(undrawn=pl.lit(None, pl.Float64)), term) is None
    assert "assumed" in conversion_words({}, 0.0)


@pytest.mark.slow
def test_the_planted_factor_is_found_and_used(tmp_path: Path) -> None:
    lt.synthetic(tmp_path / "lender", loans=12_000, months=48, seed=11, as_tape="mapping")
    mapping = tmp_path / "lender/mapping.toml"
    lt.twin_create(tmp_path / "twin", tmp_path / "lender/tape.csv", str(mapping), date(2022, 12, 31))
    lt.fit(tmp_path / "twin", [tmp_path / "lender/macro.csv"])
    twin = lt.open(tmp_path / "twin")
    told = twin.model.diagnostics["conversion_factor"]
    assert told["defaults"] >= LEAST_DEFAULTS
    assert abs(told["value"] - PLANTED) < max(3.0 * told["standard_error"], 0.01)
    assert Outlook(twin).runoff.conversion_factor == told["value"]
    allowance = lt.provisions(twin, "ifrs9")
    assert allowance.commitments.conversion_factor == told["value"]  # type: ignore[union-attr]
    assert allowance.commitments.provision > 0.0  # type: ignore[union-attr]
    assert any("learnt from" in note for note in allowance.provenance["notes"])
