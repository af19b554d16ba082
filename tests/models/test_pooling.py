"""Panels: common levels, loadings and macro effects against a planted truth; tiny panels stay at their
priors.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from loantwin.models.counts import Counts
from loantwin.models.pooling import fit_panel_edges, panel_edges
from loantwin.models.settings import FitSettings, MacroPrior
from loantwin.models.transitions import Context, segment_design

MONTHS = 96
SETTINGS = FitSettings(effects=(MacroPrior("x", "level", 0, (0.0, 0.3), (0.0, 0.3)),))


def made(seed: int = 4) -> tuple[Context, np.ndarray]:
    """Return counts of two live states; edge 30-59 -> default moves half as much as current -> 30-59."""
    random = np.random.default_rng(seed)
    macro = np.sin(np.arange(MONTHS) / 7.0) * 1.4
    level = np.zeros(MONTHS)
    for t in range(1, MONTHS):
        level[t] = 0.9 * level[t - 1] + 0.1 * random.standard_normal()
    parts = []
    for segment, effect in enumerate((-0.3, 0.3)):
        for age in range(0, 60, 3):
            base = np.full(MONTHS, 20_000 if age < 30 else 8_000)
            eta = {"dpd_30_59": -4.5 + effect + 0.3 * macro + level, "prepaid": -4.2 + 0.0 * macro}
            odds = {name: np.exp(value) for name, value in eta.items()}
            total = 1 + sum(odds.values())
            moved = {name: random.binomial(base, value / total) for name, value in odds.items()}
            parts.append(frame(0, segment, age, base, moved))
            late = np.full(MONTHS, 300)
            eta = {"default": -1.0 + 0.15 * macro + 0.5 * level, "current": -0.5 + 0.0 * macro}
            odds = {name: np.exp(value) for name, value in eta.items()}
            total = 1 + sum(odds.values())
            parts.append(
                frame(
                    1,
                    segment,
                    age,
                    late,
                    {name: random.binomial(late, value / total) for name, value in odds.items()},
                )
            )
    cells = pl.concat(parts, how="diagonal").fill_null(0.0)
    counts = Counts(
        ("current", "dpd_30_59", "default", "prepaid"), 2, ("a|1", "a|2"), cells, 0, MONTHS - 1, 1.0
    )
    names = ("x.level",)
    return Context(
        counts,
        macro[:, None],
        names,
        segment_design(counts.segments, SETTINGS),
        SETTINGS,
        ("credit", "prepayment"),
    ), level


def frame(state: int, segment: int, age: int, base: np.ndarray, moved: dict[str, np.ndarray]) -> pl.DataFrame:
    size = len(base)
    keys = {"from_state": state, "segment": segment, "age": age}
    return pl.DataFrame({
        **{name: np.full(size, value, dtype=np.int32) for name, value in keys.items()},
        "month": np.arange(size, dtype=np.int32), "at_risk": base.astype(float),
        **{f"moved_{name}": value.astype(float) for name, value in moved.items()},
    })  # fmt: skip


def test_common_level_loadings_and_macro_are_found() -> None:
    context, level = made()
    edges, levels = fit_panel_edges(context)
    by_name = {(edge.origin, edge.target): edge for edge in edges}
    assert set(by_name) == {
        ("current", "dpd_30_59"),
        ("dpd_30_59", "default"),
        ("dpd_30_59", "current"),
        ("current", "prepaid"),
    }
    main, roll = by_name["current", "dpd_30_59"], by_name["dpd_30_59", "default"]
    for edge, truth in ((main, 0.3), (roll, 0.15)):
        assert abs(edge.macro[0] - truth) < 2.6 * edge.macro_deviation[0]
        assert edge.macro_deviation[0] < 0.12
    assert main.loading[0] == pytest.approx(1.0, abs=0.15)
    assert roll.loading[0] == pytest.approx(0.5, abs=0.15)
    assert main.loading[1] == 0.0
    found = levels["credit"].level.smoothed
    assert np.corrcoef(found, level)[0, 1] > 0.9
    assert main.segment[1] - main.segment[0] == pytest.approx(0.6, abs=0.05)
    assert np.abs(by_name["dpd_30_59", "current"].loading[0]) < 0.1


def test_every_live_state_has_its_next_worse_edge() -> None:
    context, _ = made()
    assert ("dpd_30_59", "default") in panel_edges(context.counts)["credit"]


@pytest.mark.data
def test_a_tiny_panel_stays_at_its_prior_and_says_so(data: Path) -> None:
    from loantwin.book.as_of import known_at
    from loantwin.book.schema import PANEL
    from loantwin.book.tape import read_tape
    from loantwin.macro.history import known_history, nowcast
    from loantwin.macro.read import read_macro
    from loantwin.models.model import fit_model

    tape = read_tape(data / "cmbs_panel/loan_panel.csv.gz", "cmbs")
    as_of = dt.date(2024, 12, 31)
    history = nowcast(
        known_history([read_macro(data / "fed_scenarios/2025-Table_1A_Historic_Domestic.csv")], as_of), as_of
    )
    assert tape.panel is not None
    fitted = fit_model(
        known_at(tape.loans, as_of), known_at(tape.panel, as_of, PANEL), tape.mapping, as_of, history
    )
    assert fitted.diagnostics["sample"]["first entries to default"] == 8
    assert "dpd_60_89 -> default" in fitted.prior_only
    assert "loss given default" in fitted.prior_only
    assert np.abs(fitted.parameters.segment).max() < 1.0
    deviations = [
        edge["macro"]["unemployment_rate.change_12m.lag3"]["standard_error"]
        for edge in fitted.diagnostics["edges"]
    ]
    assert min(deviations) > 0.05
