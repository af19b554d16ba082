"""`backtest` on the command line: one document, one page that opens offline, one message on bad input."""

from __future__ import annotations

import json
import re
from pathlib import Path


def test_the_page_stands_on_its_own_and_says_where_it_loses(
    loantwin, small_home: Path, tmp_path: Path
) -> None:
    out = tmp_path / "backtest.html"
    ran = loantwin(
        "backtest",
        small_home,
        "--origin",
        "2020-12-31,2021-06-30",
        "--horizons",
        "3,6",
        "--paths",
        40,
        "--out",
        out,
        "--json",
    )
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    assert document["schema"] == "loantwin.backtest/1"
    page = out.read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="https?:', page)
    for words in ("Verdict", "How it was measured", "Prepayment", "Origins", "prior only"):
        assert words in page
    assert page.count("<svg") >= 4


def test_tables_are_readable(loantwin, small_home: Path) -> None:
    ran = loantwin("backtest", small_home, "--origin", "2021-06-30", "--horizons", "6", "--paths", 30)
    assert ran.code == 0, ran.err
    for words in (
        "tape ends",
        "2021-06-30",
        "prior only",
        "no closed window of an origin that knew enough",
        "Notes",
    ):
        assert words in ran.out


def test_refusals(loantwin, small_home: Path, tmp_path: Path) -> None:
    loantwin("backtest", small_home, "--origin", "every=12").refused("--origin", "every=12")
    loantwin("backtest", small_home, "--origin", "1990-12-31").refused("inside the tape")
    loantwin("backtest", small_home, "--origin", "2021-06-30", "--horizons", "0").refused(
        "--horizons", "whole months"
    )
    loantwin("backtest", small_home, "--origin", "2021-06-30", "--from", "2020-01-01").refused(
        "--from", "every=12M"
    )
    loantwin("backtest", tmp_path / "nowhere", "--origin", "2021-06-30").refused("nowhere")
    loantwin(
        "backtest", small_home, "--origin", "every=6M", "--from", "2021-06-30", "--to", "2020-06-30"
    ).refused("--to")
