"""`loantwin priors` as it is read: each figure under its own heading, and beliefs named beside results."""

from __future__ import annotations

import datetime as dt
import io
import re
import shutil
from pathlib import Path

from rich.console import Console

from loantwin.interfaces.cli.tables.fit import _show_sources
from tests.verbs.test_priors import snapshot

from .conftest import Command


def rows(text: str, title: str) -> list[list[str]]:
    """Return the cells of the table under a title, split where two blanks or more stand."""
    lines = text[text.index(title) :].splitlines()[1:]
    table = lines[: next((place for place, line in enumerate(lines) if not line.strip()), len(lines))]
    return [re.split(r"\s{2,}", line.strip()) for line in table]


def test_one_product_shows_each_number_under_its_heading(loantwin: Command) -> None:
    table = rows(loantwin("priors", "card").out, "Credit cards (card)")
    assert table[0] == ["unit", "value", "90 % range", "basis"]
    shown = {cells[0]: cells[1:] for cells in table[1:]}
    # from the table of sources: 5 [3, 9] a year in the middle, 5.5 on average; 95 % lost, 10 % comes back
    assert shown["default rate"] == ["% a year", "5.5", "3 to 9", "assumed"]
    assert shown["charged off"] == ["% of exposure", "95", "85 to 100", "assumed"]
    assert shown["recovered"] == ["% of exposure", "10", "5 to 18", "assumed"]
    assert shown["roll, 30 to 60 days"] == ["% a month", "75", "68 to 82", "derived"]
    assert shown["unemployment, change"] == ["log rate a point", "0.26", "0.13 to 0.39", "estimated"]


def test_all_products_in_short(loantwin: Command) -> None:
    table = rows(loantwin("priors").out, "Prior models by product")
    head, body = table[0], {cells[0]: cells[1:] for cells in table[1:]}
    assert head[1:4] == ["defaults, % a year", "charged off, %", "recovered, %"]
    assert body["card"][:3] == ["5.5 (3 to 9)", "95 (85 to 100)", "10 (5 to 18)"]
    assert body["corporate"][:3] == ["2.3 (0.4 to 6.5)", "38 (20 to 60)", "0"]


def test_beliefs_are_named_below_the_figures_they_make(loantwin: Command, tmp_path: Path) -> None:
    home = snapshot(tmp_path, "card", dt.date(2022, 6, 30), loans=300)
    fitted = loantwin("fit", home, "--prior", "card").out
    losses = rows(fitted, "Loss given default, share of exposure")
    assert losses[0][0] == "believed"
    assert losses[1][:2] == ["charged off", "95.00 %"]
    told = " ".join(loantwin("forecast", home, "--months", 3, "--paths", 20).out.split())
    assert "belief, not evidence (the prior model card): current -> default" in told


def test_what_defaults_tell_is_called_observed(loantwin: Command, panel_home: Path, tmp_path: Path) -> None:
    shutil.copytree(panel_home, tmp_path / "twin")
    losses = rows(loantwin("fit", tmp_path / "twin").out, "Loss given default, share of exposure")
    assert losses[0][0] == "observed"


def test_what_is_learnt_from_others_stands_beside_its_transition() -> None:
    text = io.StringIO()
    learnt = {
        "sources": [{"home": "cards", "as_of": "2020-12-31", "model_hash": "0"}],
        "share": {"current -> default": 0.125, "current -> prepaid": 0.75},
        "between": {
            "current -> default": {"deviation": 0.5, "assumed": True},
            "current -> prepaid": {"deviation": 0.31, "assumed": False},
        },
    }
    _show_sources(Console(file=text, width=100), learnt)
    table = rows(text.getvalue(), "Learnt from cards (2020-12-31)")
    assert table[0] == ["transition", "share of its level", "books differ by, log-odds"]
    assert table[1] == ["current -> default", "12.50 %", "0.50", "assumed"]
    assert table[2] == ["current -> prepaid", "75.00 %", "0.31", "estimated"]
