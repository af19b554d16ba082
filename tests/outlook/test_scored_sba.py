"""A score in the twin, out of time on real loans: the log score of the next 12 months."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.arrays import Floats
from loantwin.engine.loss import default_probabilities

ORIGIN = dt.date(2008, 12, 31)
READS = (
    "NoEmp", "NewExist", "CreateJob", "RetainedJob", "FranchiseCode", "UrbanRural", "RevLineCr", "LowDoc",
    "GrAppv", "SBA_Appv", "NAICS", "State", "BankState",
)  # fmt: skip


def next_year(home: Path) -> tuple[pl.Series, Floats]:
    """Return the loans on the book and the chance that each is charged off within 12 months."""
    with lt.open(home) as twin:
        outlook = lt.Outlook(twin)
        shocks = np.ascontiguousarray(outlook.expected(outlook.simulated(12, 60, 1)))
        chance = default_probabilities(twin.model.parameters, outlook.columns, shocks).mean(axis=1)
        return outlook.live_ids, chance * outlook.columns.weight


@pytest.mark.slow
def test_a_score_with_enough_cases_foretells_the_next_year_better(data: Path, tmp_path: Path) -> None:
    """Trained on ends within 36 months of loans lent by 2005; the paired 90 % interval lies above 0."""
    tape = data / "sba/sba_block.csv.gz"
    raw = pl.read_csv(tape, infer_schema=False).with_columns(
        *(
            pl.coalesce(pl.col(name).str.to_date(form, strict=False) for form in ("%m/%d/%Y", "%d-%b-%y"))
            for name in ("DisbursementDate", "ChgOffDate")
        ),
        NAICS=pl.col("NAICS").str.slice(0, 2) + "x",
    )
    gone = pl.col("ChgOffDate") <= pl.col("DisbursementDate").dt.offset_by("36mo")
    end = pl.when(gone.fill_null(False)).then(pl.lit("bad")).otherwise(pl.lit("good"))
    lent = pl.col("DisbursementDate").is_between(dt.date(1997, 1, 1), dt.date(2005, 12, 31))
    raw.filter(lent).select(*READS, end=end).write_csv(tmp_path / "cases.csv")
    raw.select("LoanNr_ChkDgt", *READS).write_csv(tmp_path / "columns.csv")
    lt.score_train(
        tmp_path / "cases.csv", target="end", good="good", out=tmp_path / "scores", models=("logistic",),
        folds="1x5", keep=READS,
    )  # fmt: skip
    lt.twin_create(tmp_path / "twin", tape, "sba", ORIGIN)
    lt.fit(tmp_path / "twin")
    ids, without = next_year(tmp_path / "twin")
    found = lt.fit(tmp_path / "twin", score=tmp_path / "scores", score_file=tmp_path / "columns.csv")
    assert found.score is not None
    assert found.score.coefficients["current -> charged_off"]["low"] > 0.3
    _, scored = next_year(tmp_path / "twin")
    with lt.open(tmp_path / "twin") as twin:
        ends = pl.DataFrame({"loan_id": ids}).join(
            twin.tables.loans.select("loan_id", "charge_off_date", "charged_off"),
            on="loan_id", how="left", maintain_order="left",
        )  # fmt: skip
    bad = (
        ((ends["charge_off_date"] <= dt.date(2009, 12, 31)) & (ends["charged_off"] > 0))
        .fill_null(False)
        .to_numpy()
    )
    assert 400 < bad.sum() < 500
    gain = np.where(bad, np.log(scored / without), np.log1p(-scored) - np.log1p(-without))
    random = np.random.default_rng(0)
    drawn = [gain[random.integers(0, len(gain), len(gain))].sum() for _ in range(500)]
    assert np.quantile(drawn, 0.05) > 0.0
