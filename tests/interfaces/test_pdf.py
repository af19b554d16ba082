"""A page as PDF: printed by what is installed, in a sandbox, without a network; refused in a sentence."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest

from loantwin.errors import UsageError
from loantwin.interfaces import pdf
from loantwin.interfaces.pdf import BROWSERS, print_page, write_printed
from tests.interfaces.conftest import Command

PAGE = "<!doctype html><title>x</title><h1>Allowance</h1><img src='http://example.invalid/x.png'>"


@pytest.fixture
def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where a stand-in for Chromium notes the words it was started with."""
    folder, words = tmp_path / "bin", tmp_path / "words"
    folder.mkdir()
    program = folder / "chromium"
    program.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" > {words}\n'
        'for word in "$@"; do case "$word" in\n'
        '--print-to-pdf=*) printf "%%PDF-1.4" > "${word#*=}";;\nesac; done\n',
        encoding="utf-8",
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder))
    return words


def test_without_a_browser_it_is_refused_before_the_work(
    loantwin: Command, small_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = loantwin("report", small_home, "--out", tmp_path / "report.pdf")
    done.refused("expected Chromium or Chrome on the path", "apt install chromium", "FILE.html")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_pdf_is_never_written_over(
    loantwin: Command, small_home: Path, tmp_path: Path, browser: Path
) -> None:
    target = tmp_path / "notes.pdf"
    target.write_text("mine", encoding="utf-8")
    loantwin("report", small_home, "--out", target).refused("a new file, or one that loantwin wrote")
    loantwin("report", small_home, "--out", small_home / "blobs" / "x.pdf").refused(
        "no part of a twin's home"
    )
    assert target.read_text(encoding="utf-8") == "mine"
    assert not browser.exists()


@pytest.mark.parametrize("superuser", [True, False])
def test_the_sandbox_is_off_for_the_superuser_alone_and_nothing_is_looked_up(
    superuser: bool, browser: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf.os, "geteuid", lambda: 0 if superuser else 1000)
    target = tmp_path / "it's; $(touch x).pdf"
    write_printed(target, PAGE, "out")
    words = browser.read_text(encoding="utf-8").splitlines()
    assert ("--no-sandbox" in words) is superuser
    assert "--host-resolver-rules=MAP * ~NOTFOUND" in words
    assert words[-1].startswith("file:///")
    assert target.read_bytes().startswith(b"%PDF-")
    assert target.stat().st_mode & 0o077 == 0
    assert not (tmp_path / "x").exists()


def test_a_browser_that_prints_nothing_leaves_nothing(browser: Path, tmp_path: Path) -> None:
    (tmp_path / "bin" / "chromium").write_text("#!/bin/sh\necho no display >&2\nexit 3\n", encoding="utf-8")
    page = tmp_path / "page.html"
    page.write_text(PAGE, encoding="utf-8")
    with pytest.raises(UsageError, match="printed by chromium, was 'no display'"):
        print_page(page, tmp_path / "x.pdf", "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "page.html"]


@pytest.mark.slow
def test_a_page_is_printed(tmp_path: Path) -> None:
    if not any(map(shutil.which, BROWSERS)):
        pytest.skip("no Chromium: apt install chromium")
    write_printed(tmp_path / "x.pdf", PAGE, "out")
    made = (tmp_path / "x.pdf").read_bytes()
    assert made.startswith(b"%PDF-")
    assert len(made) > 2_000
    assert made.rstrip().endswith(b"%%EOF\n%loantwin")
    write_printed(tmp_path / "x.pdf", PAGE, "out")
