"""The pages: their commands run, their links lead somewhere, and whatever a user can name is named in
them.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import typer

import loantwin as lt
from loantwin.config import load
from loantwin.events.event_types import EVENT_TYPES
from loantwin.interfaces.cli.main import app
from loantwin.risk.capital.assumptions import WORDS

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
RUN = [sys.executable, "-c", "from loantwin.interfaces.cli.main import run; run()"]
SMALLER = {"20000": "1500", "500": "64", "20_000": "1_500", "200": "64"}
"""Sizes of the pages and what the test takes instead."""
PRIVATE = re.compile(r"BORROWER-|/tmp/|/home/|/root/")
"""Names of borrowers, and paths of one machine."""


def named(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(text: str, *kinds: str) -> list[str]:
    return [
        body
        for kind, body in re.findall(r"^```(\w+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        if kind in kinds
    ]


def commands(text: str) -> list[list[str]]:
    lines = "\n".join(blocks(text, "console", "sh")).splitlines()
    return [
        shlex.split(line.removeprefix("$ "))
        for line in lines
        if line.removeprefix("$ ").startswith("loantwin ")
    ]


def smaller(text: str) -> str:
    return re.sub(r"(?<![\w.-])[\d_]+(?![\w.-])", lambda found: SMALLER.get(found[0], found[0]), text)


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from leaves(inner, (*path, name))
    else:
        yield path, command


LEAVES = dict(leaves(typer.main.get_command(app)))
STATED = [(page.name, words) for page in PAGES for words in commands(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(
    ("page", "words"), STATED, ids=[f"{page}: {' '.join(words[:3])}" for page, words in STATED]
)
def test_a_stated_command_is_one_the_program_takes(page: str, words: list[str]) -> None:
    path = next(path for path in LEAVES if tuple(words[1 : 1 + len(path)]) == path)
    LEAVES[path].make_context(
        " ".join(path), words[1 + len(path) :]
    )  # raises where an option or argument is unknown


def test_readme_and_tour_walk_the_same_way() -> None:
    readme = [" ".join(words) for words in commands(named("README.md"))]
    tour = [" ".join(words) for words in commands(named("docs/tour.md"))]
    assert len(readme) >= 9
    assert [line for line in tour if line in readme] == readme


@pytest.mark.slow
def test_the_tour_runs_as_written(tmp_path: Path) -> None:
    for words in commands(named("docs/tour.md")):
        done = subprocess.run(
            [*RUN, *(smaller(word) for word in words[1:])],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, (words, done.stderr[-2000:])
        assert done.stdout.strip(), words
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Beside what happened" in page
    for block in (*blocks(named("README.md"), "python"), *blocks(named("docs/tour.md"), "python")):
        done = subprocess.run(
            [sys.executable, "-c", smaller(block)], cwd=tmp_path, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, (block, done.stderr[-2000:])
        assert done.stdout.strip(), block


@pytest.mark.slow
def test_the_tour_says_what_its_report_shows(tmp_path: Path) -> None:
    """The figures of its last paragraph are those of the lender that it makes, to 2 %."""
    lt.synthetic(tmp_path / "lender", loans=20_000, months=48, seed=7, as_tape="mapping")
    tape, mapping = (tmp_path / "lender" / name for name in ("tape.csv", "mapping.toml"))
    lt.twin_create(tmp_path / "twin", tape, str(mapping), date(2022, 12, 31))
    lt.fit(tmp_path / "twin", [tmp_path / "lender" / "macro.csv"])
    made = lt.compare(tmp_path / "twin")
    between = made.by_year[0].number.forecast
    figures = (made.number.forecast, made.number.came, between.p05, between.p95, made.number.last_year)
    said = re.search(
        r"this lender ([\d,]+) defaults were expected, ([\d,]+) came\s+\(90 % interval ([\d,]+) to "
        r"([\d,]+)\), and last year's rate would have said ([\d,]+)",
        named("docs/tour.md"),
    )
    assert said is not None
    assert [float(item.replace(",", "")) for item in said.groups()] == pytest.approx(figures, rel=0.02)


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([\w-]+):", named("Makefile"), re.MULTILINE))
    for page in PAGES:
        assert (
            set(re.findall(r"(?:^    |`)make ([\w-]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
            <= targets
        ), page.name


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_is_documented(path: tuple[str, ...]) -> None:
    assert f"`loantwin {' '.join(path)}`" in named("docs/settings.md")


def test_every_setting_is_documented_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+\.\w+)` \| (\S*) ?\|", named("docs/settings.md"), re.MULTILINE))
    settings = {item.name: str(item.value) for item in load(env={})[1]}
    assert rows == settings


@pytest.mark.parametrize("name", sorted(WORDS))
def test_every_assumption_of_capital_is_documented_with_its_words(name: str) -> None:
    assert re.search(
        rf"^\| `{name}` \|.*\| {re.escape(WORDS[name])} \|$", named("docs/capital.md"), re.MULTILINE
    )


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_every_event_type_is_documented(name: str) -> None:
    assert f"### {name}\n" in named("docs/events.md")


@pytest.mark.parametrize(
    "file", sorted(path.stem for path in (ROOT / "src/loantwin/risk").glob("*.py") if path.stem != "__init__")
)
def test_every_file_of_measures_is_documented(file: str) -> None:
    assert f"`{file}.py`" in named("docs/measures.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_the_index_lists_every_page() -> None:
    listed = set(re.findall(r"\]\((\w[\w-]*\.md)\)", named("docs/index.md")))
    assert listed == {page.name for page in (ROOT / "docs").glob("*.md")} - {"index.md"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_name_no_borrower_and_no_machine(page: Path) -> None:
    assert PRIVATE.search(page.read_text(encoding="utf-8")) is None


def test_pictures_are_small() -> None:
    for picture in (ROOT / "docs" / "images").iterdir():
        assert picture.stat().st_size < 400_000, picture.name
