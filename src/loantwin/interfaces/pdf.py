"""A page as PDF: an installed Chromium prints it, without a network, a shell or a lasting profile."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from loantwin.errors import UsageError, expected
from loantwin.extras import require
from loantwin.files import MARK_OF_PDFS, check_page, check_replaced, check_target, replace_file, whole_file

ENDING = ".pdf"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
"""Programs that print a page, in the order they are looked for on the path."""
SECONDS = 120
"""Longest time that printing may take."""
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # the page stands alone: nothing is fetched
    "--no-pdf-header-footer",
)
"""What the browser is started with; nothing that the page names is looked for elsewhere."""


def check_printed(path: Path, field: str) -> None:
    """Refuse a page, or a PDF of one, before the work that it shows: as `check_page` and `check_pdf`."""
    if path.suffix.lower() == ENDING:
        require("report")
        check_pdf(path, field)
    else:
        check_page(path, field)


def write_printed(path: Path, html: str, field: str) -> None:
    """Write a page, or print it where the file ends in .pdf; only its owner may read it."""
    if path.suffix.lower() != ENDING:
        replace_file(path, html, field, private=True)
        return
    with TemporaryDirectory(prefix="loantwin-page-") as place:
        page = Path(place) / "page.html"
        page.write_text(html, encoding="utf-8")
        print_page(page, path, field)


def check_pdf(path: Path, field: str) -> str:
    """Return the browser that will print `path`.

    Raises
    ------
    UsageError : a place that cannot be written, something there that this program did not write, or no
        browser on the path.
    """
    check_target(path, field)
    check_replaced(path, field)
    found = next((place for name in BROWSERS if (place := shutil.which(name))), None)
    if found is None:
        raise UsageError(
            expected("Chromium or Chrome on the path, which prints the page", "none")
            + "; install it (Debian: apt install chromium), or write FILE.html and print that",
            field=field,
        )
    return found


def print_page(html: Path, pdf: Path, field: str) -> None:
    """Print a page that stands alone to a PDF; an old one is replaced when the new one is whole.

    The browser keeps its sandbox, which holds the page's rendering apart from this user's files. Only for the
    superuser is it off, for whom Chromium does not start with it.

    Raises
    ------
    UsageError : as `check_pdf`; the browser printed nothing, or took too long.
    """
    browser = check_pdf(pdf, field)
    with TemporaryDirectory(prefix="loantwin-print-") as place, whole_file(pdf, field) as target:
        printed = Path(place) / "page.pdf"
        sandbox = ["--no-sandbox"] if _superuser() else []
        command = [
            browser,
            *FLAGS,
            *sandbox,
            f"--user-data-dir={place}/profile",
            f"--print-to-pdf={printed}",
            html.absolute().as_uri(),
        ]
        try:
            done = subprocess.run(  # noqa: S603  # no shell; the words are ours and a file's address
                command, capture_output=True, text=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired as late:
            raise UsageError(
                expected(f"a page printed within {SECONDS} seconds", "none"), field=field
            ) from late
        if done.returncode or not printed.is_file():
            last = (done.stderr.strip().splitlines() or ["nothing said"])[-1]
            raise UsageError(expected(f"a page printed by {Path(browser).name}", last), field=field)
        target.write_bytes(printed.read_bytes() + MARK_OF_PDFS)


def _superuser() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
