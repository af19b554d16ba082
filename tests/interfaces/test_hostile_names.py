"""A lender whose every name is hostile, run through every command: no mark reaches terminal, JSON or page."""

from __future__ import annotations

import datetime as dt
import json
import re
import stat
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import loantwin as lt
from loantwin.errors import CONTROLS
from loantwin.results.spreadsheet import spreadsheet_safe
from tests.interfaces.test_damaged_log import commands

Command = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("few_paths")
FORBIDDEN = frozenset(map(chr, (*CONTROLS, *range(0xD800, 0xE000))))
EVIL = "\x1b[31m\u202e<img src=x onerror=alert(1)>\x9b\x7f\u2066[bold]{{7*7}}\" onclick='x'"
SHOWN = "<img src=x onerror"


def clean(text: str) -> bool:
    return not FORBIDDEN & set(text)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a lender's folder: grades, loan numbers, columns, scenarios, files and folder are hostile."""
    folder = tmp_path_factory.mktemp("raw") / "folder\x1b[2J\u202e"
    lt.synthetic(folder, loans=400, months=36, seed=3, as_tape="mapping")
    tape = pl.read_csv((folder / "tape.csv").read_bytes(), separator=";", infer_schema=False)
    text = (folder / "mapping.toml").read_text(encoding="utf-8")
    rating = pl.col("Rating") + pl.lit(EVIL)
    number = pl.lit("=1+1\u2067\x1b]0;x\x07") + pl.col("Contract No")
    tape = tape.with_columns(rating, number.alias("Contract No"))
    odd = {name: json.dumps(f"{name}{EVIL}") for name in ("Rating", "Contract No")}
    for name, written in odd.items():
        assert f'"{name}"' in text
        text = text.replace(f'"{name}"', written)
        tape = tape.rename({name: f"{name}{EVIL}"})
    tape.write_csv(folder / "tape.csv", separator=";")
    (folder / "tape.csv").rename(folder / "tape\x1b[31m\u202e.csv")
    text = text.replace('name = "', 'name = "\\u001b[31m\\u202e', 1)
    (folder / "mapping.toml").write_text(text, encoding="utf-8")
    quoted = '"' + f"Base{EVIL}".replace('"', '""') + '"'
    scenarios = (folder / "scenarios.csv").read_text(encoding="utf-8").replace("Baseline", quoted)
    (folder / "scenarios.csv").write_text(scenarios, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def home(raw: Path) -> Path:
    made = raw / "twin\x9b\u2067"
    lt.twin_create(made, raw / "tape\x1b[31m\u202e.csv", raw / "mapping.toml", dt.date(2022, 12, 31))
    lt.fit(made, [raw / "macro.csv"])
    return made


def all_of(home: Path, raw: Path, out: Path) -> dict[str, tuple[object, ...]]:
    made = dict(commands(home, raw, out))
    scenario = f"{raw / 'scenarios.csv'}#Base{EVIL}"
    with lt.open(home) as twin:
        loan = twin.known_loans["loan_id"][0]
    made["stress"] = (home, "--scenario", scenario, "--align", "start", "--out", out / "stress.html")
    made["movement"] = (home, "--from", "2022-06-30", "--out", out / "movement.html")
    made["components"] = (home, "--out", out / "components.html")
    made["curves"] = (home, "--out", out / "curves.html")
    made["loss"] = (home, "--months", 6, "--paths", 200, "--confidence", 0.9, "--out", out / "loss.html")
    span = ("--from", "2021-12-31", "--to", "2021-12-31", "--horizons", 6, "--paths", 40)
    made["backtest"] = (home, *span, "--out", out / "backtest.html")
    made["loan"] = (home, loan)
    made["capital explain"] = (home, loan, "--any-date")
    made["config show"] = (home,)
    made["concentration"] = (home, "--by", "origination_grade")
    tape = raw / "tape\x1b[31m\u202e.csv"
    made["tape check"] = (tape, "--format", raw / "mapping.toml")
    as_of = ("--format", raw / "mapping.toml", "--as-of", "2022-12-31")
    made["twin create"] = (out / "new\x1b\u202e", "--tape", tape, *as_of)
    return made


@pytest.mark.slow
def test_every_command_shows_names_and_lets_none_steer_and_no_page_obeys_one(
    raw: Path, home: Path, loantwin: Command, tmp_path: Path
) -> None:
    said = ""
    for words, arguments in all_of(home, raw, tmp_path).items():
        ran = loantwin(*words.split(), *arguments)
        refused = "--out" not in arguments and "expected" in ran.err and "Traceback" not in ran.err
        assert ran.code == 0 or refused, (words, ran.err)
        assert clean(ran.out), words
        assert clean(ran.err), words
        said += ran.out
    assert SHOWN in said  # shown, not left out
    assert "\\x1b[31m" in said
    pages = list(tmp_path.glob("*.html"))
    assert len(pages) == 8
    for page in pages:
        held(page)


def held(page: Path) -> None:
    """Hold a page to showing names as text, and to being its owner's alone."""
    text = page.read_text(encoding="utf-8")
    assert clean(text), page.name
    assert "<img" not in text, page.name
    assert not {"img", "onerror", "onclick"} & _tags_and_attributes(text), page.name
    assert "{{" not in text.replace("{{7*7}}", ""), page.name  # shown as it stands, not worked out
    assert stat.S_IMODE(page.stat().st_mode) == 0o600, page.name


@pytest.mark.slow
def test_every_document_holds_names_as_escapes(
    raw: Path, home: Path, loantwin: Command, tmp_path: Path
) -> None:
    names = 0
    for words, arguments in all_of(home, raw, tmp_path).items():
        ran = loantwin(*words.split(), *arguments, "--json")
        assert clean(ran.out), words
        assert ran.out.isascii(), words
        if ran.code == 0:
            json.loads(ran.out)
            names += "\\u202e" in ran.out
    assert names > 5


def _tags_and_attributes(text: str) -> set[str]:
    found: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.update((tag, *(name for name, _ in attrs)))

    Reader().feed(text)
    assert {"body", "class"} <= found
    return found


def test_a_usage_error_repeats_no_mark(loantwin: Command, tmp_path: Path) -> None:
    """A shell's `*` hands over whatever files are called."""
    for arguments in (
        ("forecast", "a", "b", EVIL),
        (EVIL,),
        ("forecast", "a", f"--{EVIL}"),
        ("forecast", EVIL),
        ("tape", "check", f"{tmp_path}/\udc9b\udcff.csv", "--format", "sba"),
        ("tape", "check", f"{tmp_path}/a\nloantwin: all is well.csv", "--format", "sba"),
    ):
        ran = loantwin(*arguments)
        assert ran.code == 2
        assert clean(ran.err), arguments
        assert "\nloantwin: all is well" not in ran.err


def test_an_internal_failure_repeats_no_mark(capsys: pytest.CaptureFixture[str]) -> None:
    from loantwin.interfaces.cli import main

    def command() -> None:
        raise ZeroDivisionError(EVIL)

    with pytest.raises(SystemExit):
        main.run(command)
    assert clean(capsys.readouterr().err)


def test_names_of_files_that_are_no_text_are_shown(loantwin: Command, tmp_path: Path) -> None:
    """Bytes of a file's name that are no UTF-8 come as halves of signs, which no stream can write."""
    (tmp_path / "own.toml").write_text(
        'name = "own"\ncurrency = "EUR"\n[columns]\nloan_id = "a"\nproduct = { constant = "mortgage" }\n'
        'principal = "b"\noriginated_amount = "b"\n'
        'origination_date = { source = "c", formats = ["%Y-%m-%d"] }\n'
        'term_months = "d"\nannual_rate = "e"\n',
        encoding="utf-8",
    )
    tape = tmp_path / "tape\udc9b\udcff.csv"
    tape.write_text("a,b,c,d,e\n1,2,2020-01-31,36,0.05\n", encoding="utf-8")
    ran = loantwin("tape", "check", tape, "--format", tmp_path / "own.toml", "--json")
    assert ran.code == 0, ran.err
    home = tmp_path / "twin\udcff"
    as_of = ("--format", tmp_path / "own.toml", "--as-of", "2021-12-31")
    ran = loantwin("twin", "create", home, "--tape", tape, *as_of)
    assert ran.code == 0, ran.err
    assert clean(ran.out)
    assert loantwin("log", "verify", home).code == 0


TEXTS = [
    *(
        "=1+1",
        "+x",
        "@A1",
        "-2+3+cmd|' /C calc'!A0",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1",
        "'=1",
        "''=1",
        "'x",
        "'",
        "",
    ),
    *(
        "a;=1",
        "a;'=1",
        "a;-5.00;b",
        "a;-5.00",
        "a;-2+3;b",
        "1;;@x;+7;＠y",
        "a\t=1",
        "a;+1,5",
        "a=b;c-d",
        ";=;=;",
    ),
    *("-5.50", "+1", "1.5e3", "plain", "O'Brien", "a;'x"),
]


def test_a_spreadsheet_s_copy_can_be_taken_back_to_the_text() -> None:
    """By the rule of docs/formats.md: one apostrophe less before a formula's sign, at a start or behind ;."""
    made = spreadsheet_safe(pl.DataFrame({"raw": TEXTS}))["raw"].to_list()
    back = [re.sub(r"(^|[;\t])'(?='*[=+\-@\t\r\n＝＋－＠])", r"\1", text) for text in made]
    assert back == TEXTS
    for text in made:
        cells = [
            cell for cell in re.split(r"[;\t]", text) if not re.fullmatch(r"[+-]?[\d.,]*\d[\d.,]*", cell)
        ]
        assert not [cell for cell in cells if re.match(r"[=+\-@\r\n＝＋－＠]", cell)], text
