"""What --out may not overwrite: the files of a twin's home, and anything that is no page, such as an
input.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("few_paths")

PAGES = (
    ("curves",),
    ("loss", "--model", "gaussian"),
    ("stress", "--replay", "2020-03"),
    ("components",),
    ("movement", "--from", "2021-12-31"),
    ("backtest", "--origin", "2021-06-30", "--horizons", "3"),
    ("report",),
)


@pytest.mark.parametrize("command", PAGES, ids=lambda command: command[0])
def test_a_page_never_takes_the_place_of_a_fact_or_an_input(
    command: tuple[str, ...], loantwin: Any, small_home: Path, raw_lender: Path
) -> None:
    name, *rest = command
    for target in (small_home / "twin.toml", small_home / "log.sqlite", raw_lender / "macro.csv"):
        before = target.read_bytes()
        loantwin(name, small_home, *rest, "--out", target, "--json").refused("--out", target.name)
        assert target.read_bytes() == before
    loantwin(name, small_home, *rest, "--out", small_home / "blobs" / "page.html", "--json").refused(
        "--out", "no part of a twin's home"
    )


def test_an_old_page_may_be_written_again(loantwin: Any, small_home: Path, tmp_path: Path) -> None:
    page = tmp_path / "curves.html"
    page.write_text('<!doctype html>\n<meta name="generator" content="loantwin">old')
    assert loantwin("curves", small_home, "--out", page, "--json").code == 0
    assert "<h1>" in page.read_text()
