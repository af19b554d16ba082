"""One loan's allowance taken apart: months worked by hand, and a workbook that LibreOffice recalculates."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import polars as pl
import pytest

from loantwin.config import Config
from loantwin.engine.cells import LossGivenDefault
from loantwin.errors import InputError
from loantwin.risk.provisions.explain import EXPLAINED, ProvisionExplanation, explained
from loantwin.risk.provisions.loans import loan_rows
from loantwin.risk.provisions.provisions import Portfolio, WeightedScenario, provisions
from loantwin.risk.provisions.workbook import write_workbook
from tests.risk.provisions.test_provisions import (
    CONFIG,
    flat,
    hazards,
    known,
    one_loan,
    portfolio,
    severity,
)

SOFFICE = shutil.which("soffice")
SCENARIOS = [flat("base", 0.75, 18), flat("severe", 0.25, 18, default=2.0)]


def short(months: int = 3, **changes: object) -> Portfolio:
    columns = one_loan(
        remaining_months=months,
        annual_rate=0.12,
        principal=np.array([1000.0]),
        guaranteed=0.25,
        weight=2.0,
        **changes,
    )
    return portfolio(hazards([0.01]), columns, severity(0.6, 0.2))


def of(book: Portfolio, standard: str = "ifrs9", **given: object) -> ProvisionExplanation:
    return explained(standard, book, SCENARIOS, given.pop("config", CONFIG), 0, "L1", **given)  # type: ignore[arg-type]


def test_three_months_by_hand() -> None:
    """1,000 for three months at 12 %, 1 % a month; in the severe scenario the odds of 1 to 99 are double."""
    found = of(short())
    chance = {"base": 0.01, "severe": (2 / 99) / (1 + 2 / 99)}
    total = 0.0
    for number, month in enumerate(found.months, 1):
        own = {name: p * (1 - p) ** (number - 1) for name, p in chance.items()}
        assert dict(month.by_scenario) == pytest.approx(own, rel=1e-12)
        pd = 0.75 * own["base"] + 0.25 * own["severe"]
        assert month.marginal_pd == pytest.approx(pd, rel=1e-12)
        assert month.exposure == pytest.approx(1000.0, rel=1e-12)
        assert (month.charged_off, month.recovered, month.worth) == (0.6, 0.2, 1.0)  # recovered at once
        assert month.severity == pytest.approx(0.4)
        assert month.discount == pytest.approx(1 / 1.01**number, rel=1e-12)
        assert month.loss == pytest.approx(pd * 1000 * 0.4 / 1.01**number, rel=1e-12)
        total += pd * 1000 * 0.4 / 1.01**number
    assert [month.date for month in found.months] == ["2025-01", "2025-02", "2025-03"]
    assert found.allowance_gross == pytest.approx(total, rel=1e-12)
    assert found.allowance == pytest.approx(total * 0.75 * 2.0, rel=1e-12)  # a quarter guaranteed, two loans
    assert found.pd_at_recognition == pytest.approx(1 - 0.99**3, rel=1e-12)
    assert found.pd_lifetime == pytest.approx(sum(month.marginal_pd for month in found.months), rel=1e-12)
    assert found.severity == pytest.approx(0.4)
    assert (found.stage, found.exposure, found.effective_annual_rate) == ("1", 1000.0, 0.12)
    assert found.why.startswith("no trigger")
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    jsonschema.validate(document, ProvisionExplanation.json_schema())


def test_the_horizon_is_that_of_the_stage() -> None:
    book = short(18)
    first = of(book)
    late = of(replace(book, standing=replace(book.standing, days_past_due=np.array([45.0]))))
    assert sum(month.counted for month in first.months) == 12
    assert late.stage == "2"
    assert "days past due backstop" in late.why
    assert sum(month.counted for month in late.months) == 18
    assert first.pd_12m == pytest.approx(sum(month.marginal_pd for month in first.months[:12]))
    assert late.allowance > first.allowance


def test_a_default_is_one_row_and_a_purchased_loan_has_the_change_since() -> None:
    book = short()
    yes = np.ones(1, dtype=bool)
    defaulted = of(replace(book, standing=replace(book.standing, defaulted=yes)))
    assert (defaulted.stage, len(defaulted.months)) == ("3", 1)
    assert defaulted.allowance == pytest.approx(1000 * 0.4 * 0.75 * 2)
    bought = replace(book, standing=replace(book.standing, credit_impaired_at_origination=yes))
    found = of(bought, poci_expected=np.array([5.0]))
    assert (found.stage, found.deducted) == ("poci", 5.0)
    assert found.allowance_gross == pytest.approx(sum(month.loss for month in found.months) - 5.0)


@pytest.mark.parametrize("standard", EXPLAINED)
@pytest.mark.parametrize("discounted", [False, True])
def test_rows_by_loan_and_explanations_add_up_to_the_book(standard: str, discounted: bool) -> None:
    config = Config(cecl=replace(CONFIG.cecl, discounted=discounted))
    size = 4
    columns = one_loan(
        remaining_months=np.array([3, 7, 18, 5]),
        annual_rate=np.array([0.12, 0.05, 0.0, 0.2]),
        principal=np.array([1000.0, 500.0, 250.0, 80.0]),
        accrued_interest=np.array([0.0, 7.0, 0.0, 3.0]),
        guaranteed=np.array([0.25, 0.0, 0.5, 0.0]),
        weight=np.array([2.0, 1.0, 1.0, 0.5]),
    )
    book = portfolio(hazards([0.01, 0.03, 0.02], 0.01), columns, severity(0.6, 0.2))
    standing = replace(
        known(size),
        days_past_due=np.array([0.0, 40.0, 0.0, 120.0]),
        defaulted=np.array([False, False, False, True]),
        credit_impaired_at_origination=np.array([False, False, True, False]),
    )
    book = replace(book, standing=standing)
    ids = pl.Series(["a", "b", "c", "d"])
    whole = provisions(standard, book, SCENARIOS, config)
    rows = loan_rows(standard, book, SCENARIOS, config, ids)
    assert rows["loan_id"].to_list() == ids.to_list()
    assert rows["allowance"].sum() == pytest.approx(whole.allowance, rel=1e-12)
    assert (rows["allowance_gross"] * rows["weight"]).sum() == pytest.approx(
        whole.allowance_gross,
        rel=1e-12,  # type: ignore[union-attr]
    )
    column = {"ifrs9": "stage", "cecl": "pool", "five-level": "class"}[standard]
    for row in range(size):
        one = explained(standard, book, SCENARIOS, config, row, ids[row])
        assert one.allowance == pytest.approx(rows["allowance"][row], rel=1e-12)
        assert one.stage == rows[column][row]


def test_rates_that_follow_an_index_still_multiply_out() -> None:
    """Two paths of the index and of defaults: the exposure shown is the one that goes with the PD."""
    columns = one_loan(
        product=0,
        remaining_months=6,
        annual_rate=0.08,
        principal=np.array([1000.0]),
        floating=True,
        rate_spread=0.05,
    )
    book = portfolio(hazards([0.02]), columns, severity(0.5))
    shocks = np.ones((2, 6, 2))
    shocks[1, :, 0] = 3.0
    index = np.array([[0.01] * 6, [0.20] * 6])
    scenarios = [WeightedScenario("drawn", 1.0, shocks, index)]
    found = explained("ifrs9", book, scenarios, CONFIG, 0)
    assert found.allowance == pytest.approx(provisions("ifrs9", book, scenarios, CONFIG).allowance, rel=1e-9)
    for month in found.months:
        assert month.exposure is not None
        assert month.severity is not None
        assert month.discount is not None
        product = month.marginal_pd * month.exposure * month.severity * month.discount
        assert month.loss == pytest.approx(product, rel=1e-12)


def recalculated(file: Path, folder: Path) -> dict[str, str]:
    """Return the first sheet's cells by what stands left of them, as LibreOffice works them out."""
    assert SOFFICE is not None
    exact = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,1"
    subprocess.run(
        [SOFFICE, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", exact,
         "--outdir", str(folder), str(file)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    with (folder / f"{file.stem}-allowance.csv").open(encoding="utf-8", newline="") as lines:
        return {row[0]: row[1] for row in csv.reader(lines) if len(row) > 1}


@pytest.mark.slow
@pytest.mark.skipif(SOFFICE is None, reason="no soffice on this machine: LibreOffice calc works formulas out")
@pytest.mark.parametrize("standard", EXPLAINED)
def test_libreoffice_works_out_the_same_allowance_to_the_cent(standard: str, tmp_path: Path) -> None:
    pytest.importorskip("xlsxwriter", reason="not installed: the extra excel")
    lagged = LossGivenDefault(
        np.full((1, 1), 0.6), np.full((1, 1), 0.2), np.ones(1), np.array([0.0, 0.5, 0.5])
    )
    book = replace(short(18, accrued_interest=123.45), lgd=lagged)
    found = of(replace(book, columns=replace(book.columns, principal=np.array([7_654_321.09]))), standard)
    found = replace(found, loan="=SUMPRODUCT(1,1)")  # a name that looks like a formula stays a name
    file = tmp_path / "loan.xlsx"
    write_workbook(found, file)
    cells = recalculated(file, tmp_path)
    assert round(float(cells["allowance"]), 2) == round(found.allowance, 2)
    assert float(cells["allowance"]) == pytest.approx(found.allowance, rel=1e-12)
    assert cells["loan"] == "=SUMPRODUCT(1,1)"
    # the formulas live: with twice the guarantee the allowance is no longer what was printed
    other = tmp_path / "other.xlsx"
    write_workbook(replace(found, guaranteed_share=0.5), other)
    assert float(recalculated(other, tmp_path)["allowance"]) == pytest.approx(
        found.allowance * 0.5 / 0.75, rel=1e-12
    )


def test_a_workbook_is_refused_where_it_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ends in \.xlsx"):
        write_workbook(of(short()), tmp_path / "loan.csv")
    with pytest.raises(InputError):
        explained("ifrs9", short(), SCENARIOS, CONFIG, 1)
