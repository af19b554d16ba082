"""The combination: the twin's own paths brought to 3/4 of its forecast and 1/4 of its rivals'."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import loantwin as lt
from loantwin.engine.expectation import conditional_flows
from loantwin.engine.step.economy import draw_episodes
from loantwin.errors import ModelError, UsageError
from loantwin.models.fitted import FittedModel
from loantwin.models.forecasting import draw_shocks, mean_shocks
from loantwin.models.relevel import Relevel, by_month, check_relevel, log_factors
from loantwin.outlook.combination import HORIZONS, PATHS, combined, counted
from loantwin.outlook.environment import made
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.redated import twin_at
from loantwin.outlook.rivals import on_book, task_of, unemployment_generated
from loantwin.performance.known import known_history
from loantwin.performance.rivals import forecasts

BOTH = Relevel((2, 4), (2.0, 4.0), (0.5, 1.0), 0.75, ("last year's rate",))


def test_factors_hold_between_horizons_and_fade_after_the_last() -> None:
    """By hand: 2 in months 1 and 2, 4 in 3 and 4, then the root of 4 twelve months on."""
    found = np.exp(by_month(BOTH, BOTH.entry, 28))
    assert found[:4].tolist() == pytest.approx([2.0, 2.0, 4.0, 4.0])
    assert found[15] == pytest.approx(2.0)
    assert found[27] == pytest.approx(4.0**0.25)


@pytest.mark.parametrize(
    "wrong",
    [replace(BOTH, horizons=(4, 4)), replace(BOTH, horizons=()), replace(BOTH, entry=(1.0,)),
     replace(BOTH, prepayment=(0.0, 1.0))],
)  # fmt: skip
def test_factors_that_fit_no_horizons_are_refused(wrong: Relevel) -> None:
    with pytest.raises(ModelError, match="relevel"):
        check_relevel(wrong)


def test_expected_drawn_and_stepped_odds_move_by_the_same_factors(panel_home: Path) -> None:
    with lt.open(panel_home) as twin:
        model = twin.model
        edges = list(zip(model.parameters.origin, model.parameters.target, strict=True))
        names = model.parameters.states
        moved = replace(model, relevel=BOTH)
        path = np.zeros((6, len(model.parameters.factors)))
        ratio = mean_shocks(moved, path) / mean_shocks(model, path)
        drawn = draw_shocks(moved, path, 3, paths=4) / draw_shocks(model, path, 3, paths=4)
        for place, (start, end) in enumerate(edges):
            name = names[end]
            worse = name == "default" or (end < model.parameters.live and end > start)
            wanted = 4.0 if worse else 1.0
            first = 2.0 if worse else 0.5 if name == "prepaid" else 1.0
            assert ratio[3, place] == pytest.approx(wanted)
            assert ratio[0, place] == pytest.approx(first)
        assert np.allclose(drawn, ratio[None])
        tables, economy = made(Outlook(twin), 6, 4)
        stepped = [
            draw_episodes(item, tables.parameters, 6, 3, np.random.default_rng(1))[1]
            for item in (economy, replace(economy, moved=log_factors(BOTH, tables.parameters, 6)))
        ]
        assert np.allclose(stepped[1] / stepped[0], ratio[None])


def test_a_model_file_keeps_its_factors_and_an_old_one_reads_unchanged(panel_home: Path) -> None:
    with lt.open(panel_home) as twin:
        model = twin.model
    assert "relevel" not in model.to_dict()
    assert FittedModel.from_dict(model.to_dict()).relevel is None
    assert FittedModel.from_dict(replace(model, relevel=BOTH).to_dict()).relevel == BOTH


def test_mean_counts_reach_three_parts_of_the_twin_and_one_of_the_rivals(panel_home: Path) -> None:
    """Recomputed here: the rivals asked anew, and the re-levelled paths run through the engine."""
    with lt.open(panel_home) as twin:
        outlook = Outlook(twin)
        relevel = combined(outlook).relevel
        assert relevel is not None
        assert relevel.horizons == HORIZONS
        book, band = on_book(outlook)
        known = known_history(
            twin.known_loans, twin.known_panel, twin.mapping, twin.as_of, outlook.history, book.bands
        )
        ahead = unemployment_generated(outlook, 24, PATHS, twin.config.run.seed)
        rivals = forecasts(known, task_of(outlook, known, band, len(book.bands), HORIZONS, ahead))
        economy = outlook.simulated(24, PATHS, twin.config.run.seed)
        shocks = outlook.drawn(economy, PATHS, twin.config.run.seed)
        cells = counted(outlook.cells(economy, 24))
        ends = [month - 1 for month in HORIZONS]
        parameters = twin.model.parameters
        own, both = (
            conditional_flows(parameters, cells, twin.model.lgd, np.ascontiguousarray(shocks * factor))
            for factor in (np.ones(1), np.exp(log_factors(relevel, parameters, 24)))
        )
        for name, key in (("defaulted_number", ("defaults", "loans")), ("prepaid", ("prepayment", "loans"))):
            before, after = (getattr(item, name)[:, 0].mean(axis=0).cumsum()[ends] for item in (own, both))
            others = np.mean([made[key].sum(axis=0) for made in rivals.values()], axis=0)
            assert after == pytest.approx(0.75 * before + 0.25 * others, rel=5e-3)


@pytest.mark.slow
def test_fit_combines_and_every_verb_reads_it(panel_home: Path, lender: Path, tmp_path: Path) -> None:
    home = tmp_path / "twin"
    shutil.copytree(panel_home, home)
    plain = lt.forecast(home, months=6, paths=60)
    fitted = lt.fit(home, [lender / "macro.csv"], combine=True)
    assert fitted.relevel is not None
    assert any("75% of the twin" in note for note in fitted.notes)
    moved = lt.forecast(home, months=6, paths=60)
    before, after = (made.totals["defaulted"].mean for made in (plain, moved))
    assert (after > before) == (fitted.relevel.entry[0] > 1.0)
    assert after != before
    with lt.open(home) as twin:
        assert twin.model.relevel == fitted.relevel
        then = twin_at(twin, date(2021, 12, 31))
        assert then.model.relevel is not None
        assert then.model.relevel.entry != fitted.relevel.entry
        assert twin_at(twin, date(2021, 12, 31), own_level=True).model.relevel is None
        with pytest.raises(ModelError, match="its own level"):
            combined(Outlook(twin))
    with pytest.raises(UsageError, match="combine"):
        lt.fit(home, [lender / "macro.csv"], model_from=panel_home, combine=True)
