"""The command line run in this process, and one small fitted twin to run it on."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from loantwin.interfaces.cli.main import run


@dataclass(frozen=True)
class Ran:
    """What one command did."""

    code: int
    out: str
    err: str

    def refused(self, *words: str) -> None:
        """Hold the contract of a refusal: exit code 2, nothing on standard output, one message without a
        traceback.
        """
        assert self.code == 2, self.err
        assert self.out == ""
        assert "Traceback" not in self.err
        for word in words:
            assert word in self.err


Command = Callable[..., Ran]


@pytest.fixture
def loantwin(monkeypatch: pytest.MonkeyPatch) -> Command:
    def command(*arguments: object) -> Ran:
        out, err, code = io.StringIO(), io.StringIO(), 0
        monkeypatch.setattr(sys, "argv", ["loantwin", *map(str, arguments)])
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                run()
            except SystemExit as end:
                code = int(end.code or 0)
        return Ran(code, out.getvalue(), err.getvalue())

    return command
