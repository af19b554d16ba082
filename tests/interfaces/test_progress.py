"""Progress on a terminal: it appears before two seconds are over and says what is left; elsewhere silence."""

from __future__ import annotations

import io
import sys
import time

import pytest

from loantwin.interfaces.cli import progress


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
