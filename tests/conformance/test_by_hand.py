"""A model that another maker states by hand: fit, forecast, provisions and the report run on it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import loantwin as lt


@pytest.mark.slow
def test_a_stated_model_makes_a_twin(
    lender: Path, panel_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = tmp_path / "vendor-3.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: vendor\nVersion: 3.0\n")
    (facts / "entry_points.txt").write_text("[loantwin.models]\nstated = tests.conformance.by_hand:stated\n")
    monkeypatch.syspath_prepend(tmp_path)
    home = tmp_path / "twin"
    shutil.copytree(panel_home, home)
    made = lt.fit(home, [lender / "macro.csv"], model="stated")
    assert (made.model, made.covariates) == ("stated", ())
    assert [edge.edge for edge in made.edges] == ["current -> default", "current -> prepaid"]
    assert all(edge.assumed and edge.events == 0 for edge in made.edges)
    forecast = lt.forecast(home, months=3, paths=8)
    first = forecast.months[0]
    assert first.defaulted is not None
    assert first.prepaid is not None
    # 1 % a month of what is exposed, and 2 % of what is left on the book
    assert first.defaulted.mean == pytest.approx(0.01 * forecast.opening_balance, rel=0.05)
    assert first.prepaid.mean == pytest.approx(0.02 * forecast.opening_balance, rel=0.05)
    assert lt.provisions(home, "ifrs9").allowance > 0
    assert Path(lt.report(home, tmp_path / "report.html").path).stat().st_size > 100_000
