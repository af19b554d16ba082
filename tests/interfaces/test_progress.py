"""Progress on a terminal: it appears before two seconds are over and says what is left; elsewhere silence."""

from __future__ import annotations

import importlib
import io
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from loantwin.interfaces.cli import progress
from loantwin.interfaces.cli.main import run


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_appears_before_two_seconds_are_over(monkeypatch: pytest.MonkeyPatch) -> None:
    assert progress.DELAY_SECONDS < 2.0
    screen = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(progress, "DELAY_SECONDS", 0.05)
    with progress.shown("fitting") as step:
        time.sleep(0.3)  # nothing has been reported yet
        first = screen.getvalue()
        step(0.5, "learning losses")
        time.sleep(0.3)
    assert "fitting" in first
    assert "learning losses" in screen.getvalue()


def test_nothing_is_drawn_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.shown("fitting") as step:
        step(0.5)
    assert capsys.readouterr().err == ""


def test_what_is_left_follows_from_what_is_behind() -> None:
    now = [100.0]
    left = progress.Left(lambda: now[0])
    assert str(left) == ""
    now[0] += 1.0
    left.reached(0.5)
    assert str(left) == "", "too early to tell"
    now[0] = 130.0
    left.reached(0.25)  # a quarter took 30 s: 90 s are left
    assert str(left) == "about 2 min left"
    now[0] = 180.0  # 50 s later
    assert str(left) == "about 40 s left"
    now[0] = 230.0
    assert str(left) == "", "the estimate was too short: nothing is said rather than 0"


@pytest.mark.parametrize(
    ("slow", "line"),
    [
        ("loantwin.book.tape._tape_of", ("tape", "check", "{tape}", "--format", "{format}")),
        (
            "loantwin.verbs.twin_create.create_twin",
            ("twin", "create", "{new}", "--tape", "{tape}", "--format", "{format}", "--as-of", "2021-12-31"),
        ),
        ("loantwin.verbs.provisions.provisions.allowance", ("provisions", "{home}", "--standard", "cecl")),
        ("loantwin.verbs.capital.capital.standardised_amounts", ("capital", "{home}", "--any-date")),
    ],
)
def test_a_slow_book_is_told_of_with_what_is_left(
    monkeypatch: pytest.MonkeyPatch, raw_lender: Path, small_home: Path, tmp_path: Path, slow: str, line: Any
) -> None:
    """The work waits inside until the screen says how much is left: a command that says nothing fails."""
    screen = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(progress, "DELAY_SECONDS", 0.0)
    monkeypatch.setattr(progress, "FEWEST_SECONDS", 0.0)
    monkeypatch.setattr(progress.Left, "__str__", lambda left: "" if left._ends is None else "is left")
    real, said = attribute(slow), []

    def waits(*given: Any, **named: Any) -> Any:
        end = time.monotonic() + 20.0
        while "is left" not in screen.getvalue() and time.monotonic() < end:
            time.sleep(0.02)
        said.append("is left" in screen.getvalue())
        return real(*given, **named)

    monkeypatch.setattr(slow, waits)
    places = {"home": small_home, "new": tmp_path / "new", "tape": raw_lender / "tape.csv"}
    places["format"] = raw_lender / "mapping.toml"
    monkeypatch.setattr(sys, "argv", ["loantwin", *(word.format(**places) for word in line)])
    monkeypatch.setattr(sys, "stderr", screen)
    with pytest.raises(SystemExit) as end:
        run()
    assert end.value.code in (0, None), screen.getvalue()
    assert said
    assert all(said)


def attribute(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)
