"""A stranger's own file is a forecast in three commands, and its figures are those it was written with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import loantwin as lt

RUN = [sys.executable, "-c", "from loantwin.interfaces.cli.main import run; run()"]


def commands(folder: Path, *lines: list[str]) -> str:
    """Run commands in a folder and return what the last one printed."""
    said = ""
    for words in lines:
        done = subprocess.run([*RUN, *words], cwd=folder, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, (words, done.stderr[-2000:])
        said = done.stdout
    return said


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:expected segments")  # a snapshot is one segment, the panel was more
@pytest.mark.parametrize(
    "writer", ["german_snapshot", "american_panel", "indian_snapshot", "chinese_snapshot"]
)
def test_three_commands(
    writer: str, strangers: ModuleType, tmp_path: Path, panel_home: Path, lender: Path
) -> None:
    stranger = getattr(strangers, writer)()
    (tmp_path / stranger.name).write_bytes(stranger.content)
    more = [] if stranger.kind == "panel" else ["--model-from", str(panel_home)]
    commands(
        tmp_path,
        ["tape", "map", stranger.name, "--out", "mine.toml"],
        [
            "twin",
            "create",
            "mine",
            "--tape",
            stranger.name,
            "--format",
            "mine.toml",
            "--as-of",
            stranger.as_of.isoformat(),
        ],
        ["fit", "mine", "--macro", str(lender / "macro.csv"), *more],
    )
    found = lt.tape_map(tmp_path / stranger.name)
    assert {name: found.columns[name].source for name in stranger.truth} == stranger.truth
    assert (found.kind, found.currency) == (stranger.kind, stranger.currency)
    checked = lt.tape_check(tmp_path / stranger.name, tmp_path / "mine.toml")
    assert (checked.rejected, checked.loans) == (0, stranger.loans)
    assert checked.totals["originated"] == pytest.approx(stranger.originated, abs=0.005)
    assert checked.totals["balance"] == pytest.approx(stranger.balance, abs=0.005)
    with lt.open(tmp_path / "mine") as twin:
        live = twin.book.loans["state"].value_counts()
        assert dict(live.iter_rows()) == stranger.states
        assert twin.book.loans["principal"].sum() == pytest.approx(stranger.balance, abs=0.01)
    made = lt.forecast(tmp_path / "mine", months=12, paths=64)
    assert made.currency == stranger.currency
    assert made.totals["balance"] is not None
    assert 0 < made.totals["balance"].mean < stranger.balance
