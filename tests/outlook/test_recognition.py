"""Risk at recognition: by hand, by which model, and what no tape's scale can change."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import loantwin as lt
from loantwin.errors import RiskError
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.recognition import recognised
from loantwin.risk.provisions.recognition import Recognised, recognised_pd


def found(tape: list[float]) -> Recognised:
    """Return three loans: two older than the twin, one of them beyond the history."""
    flags = np.array([True, False, False])
    return Recognised(
        np.array([0.10, 0.20, 0.40]), np.array([0.02, 0.04, 0.08]), flags, flags[::-1], np.array(tape)
    )


def test_tape_pds_are_mapped_by_hand() -> None:
    tape = [0.01, 0.01, 0.04]
    # own / tape: 2, 4, 2; the median 2 maps to 2, 2 and 8 % against the twin's own 2, 4 and 8 %
    then, facts = recognised_pd(found(tape), True)
    power = np.log(0.98) / np.log(0.96)
    np.testing.assert_allclose(then, [0.10, 1.0 - 0.8**power, 0.40], rtol=1e-12)
    assert (facts.stored, facts.reconstructed, facts.long_run, facts.tape) == (1, 1, 1, 3)
    assert (facts.tape_factor, facts.median_ratio) == pytest.approx((2.0, 1.0))
    curve, plain = recognised_pd(found(tape), False)
    np.testing.assert_array_equal(curve, [0.10, 0.20, 0.40])
    assert plain.tape_factor is None


def test_a_loan_without_a_tape_pd_keeps_its_curve_and_none_at_all_is_refused() -> None:
    then, facts = recognised_pd(found([np.nan, 0.02, np.nan]), True)
    np.testing.assert_allclose(then, [0.10, 0.20, 0.40], rtol=1e-12)
    assert facts.tape == 1
    with pytest.raises(RiskError, match="origination_pd"):
        recognised_pd(found([np.nan] * 3), True)


def test_doubling_every_tape_pd_changes_no_stage(panel_home: Path) -> None:
    twin = lt.open(panel_home)
    asked = replace(twin.config, ifrs9=replace(twin.config.ifrs9, tape_origination_pd=True))
    once = lt.provisions(twin.using(asked), "ifrs9")
    facts = once.recognition  # type: ignore[union-attr]
    assert facts.tape > 1000
    assert facts.median_ratio == pytest.approx(1.0, rel=1e-12)
    outlook = Outlook(twin)
    whole = recognised(outlook)
    doubled = replace(whole, tape=2.0 * whole.tape)
    same, told = recognised_pd(doubled, True)
    np.testing.assert_array_equal(same, recognised_pd(whole, True)[0])
    assert told.tape_factor == facts.tape_factor / 2.0
    assert told.median_ratio == pytest.approx(1.0, rel=1e-12)


def test_loans_older_than_the_twin_are_reconstructed(panel_home: Path) -> None:
    outlook = Outlook(lt.open(panel_home))
    made = recognised(outlook)
    new = outlook.all_columns.age == 0
    np.testing.assert_array_equal(made.stored, new)
    # a loan made this month in the economy as it is: both sides of the test see one curve
    assert 0 < new.sum() < len(new)
    facts = lt.provisions(outlook.twin, "ifrs9").recognition  # type: ignore[union-attr]
    assert facts.stored == new.sum()
    assert facts.reconstructed + facts.long_run == (~new).sum()


@pytest.mark.slow
def test_a_later_fit_moves_no_risk_at_recognition(panel_home: Path, lender: Path, tmp_path: Path) -> None:
    before = recognised(Outlook(lt.open(panel_home)))
    copy = tmp_path / "twin"
    shutil.copytree(panel_home, copy)
    lt.fit(copy, [lender / "macro.csv"], prior="personal")
    later = lt.open(copy)
    assert later.fitted.data["model_blob"] != lt.open(panel_home).fitted.data["model_blob"]
    after = recognised(Outlook(later))
    np.testing.assert_allclose(after.lifetime, before.lifetime, rtol=1e-9)
    assert later.as_of == date(2022, 12, 31)
