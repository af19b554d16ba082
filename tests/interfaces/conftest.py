"""The command line run in this process, and one small fitted twin to run it on."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

import loantwin as lt
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


@pytest.fixture(scope="session")
def raw_lender(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw") / "lender"
    lt.synthetic(folder, loans=600, months=36, seed=3, as_tape="mapping")
    return folder


@pytest.fixture(scope="session")
def small_home(raw_lender: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("small") / "twin"
    lt.twin_create(home, raw_lender / "tape.csv", str(raw_lender / "mapping.toml"), date(2021, 12, 31))
    lt.fit(home, [raw_lender / "macro.csv"])
    return home
