"""docs/macro.md: its examples run and its tables are complete."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from loantwin.macro.factors import KNOWN
from loantwin.macro.fred import SERIES_IDS
from loantwin.macro.read import read_macro

PAGE = (Path(__file__).parents[2] / "docs" / "macro.md").read_text(encoding="utf-8")


def block(language):
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[1]


def test_every_factor_and_series_is_in_its_table():
    for name, (kind, meaning) in KNOWN.items():
        assert f"| {name} | {kind} | {meaning} |" in PAGE
    for series, factor in SERIES_IDS.items():
        assert f"| {series} | {factor} |" in PAGE


def test_the_examples_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios.csv").write_text(block("csv"))
    (tmp_path / "slump.toml").write_text(block("toml"))
    exec(compile(block("python"), "docs/macro.md", "exec"), {})  # the page's own example
    assert capsys.readouterr().out.startswith("[0.05")
    slump = read_macro("slump.toml").scenarios["Slump"]
    np.testing.assert_allclose(slump.values[-1], [0.072, 90.0])


@pytest.mark.data
def test_the_figure_of_2007_is_what_the_generator_gives(data):
    from datetime import date

    from loantwin.macro.generator import fit_generator, simulate
    from loantwin.macro.history import known_history

    sources = [
        read_macro(data / "fed_scenarios" / "2025-Table_1A_Historic_Domestic.csv"),
        read_macro(data / "fred" / "UNRATE.csv"),
    ]
    generator = fit_generator(known_history(sources, date(2007, 12, 31)))
    paths = simulate(generator, 12 * 2008, 36, 2000, 1)
    worst = np.quantile(paths.values[:, -1, paths.factors.index("unemployment_rate")], 0.99)
    assert worst == pytest.approx(0.09, abs=0.006)
