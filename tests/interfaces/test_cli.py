"""The command line as other programs use it: one JSON document or one message, and the exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from loantwin.interfaces.cli.main import CONFIG, LOG, TAPE, TWIN, app

GROUPS = (app, TAPE, TWIN, LOG, CONFIG)
ROOT = Path(__file__).parents[2]
LOANTWIN = [sys.executable, "-c", "from loantwin.interfaces.cli.main import run; run()"]


def run(*arguments, **options):
    return subprocess.run([*LOANTWIN, *map(str, arguments)], capture_output=True, text=True, **options)


def refused(made, *words):
    assert made.returncode == 2, made.stderr
    assert made.stdout == ""
    for word in words:
        assert word in made.stderr
    assert "Traceback" not in made.stderr


FORMS = ["original", "doublequoted", "semicolon"]


@pytest.mark.data
@pytest.mark.parametrize("form", FORMS)
def test_tape_check_gives_the_published_totals(data, form):
    made = run("tape", "check", data / f"sba_raw/SBAnational_{form}_head.csv", "--format", "sba", "--json")
    assert made.returncode == 0
    document = json.loads(made.stdout)
    assert document["rows_read"] == document["accepted_rows"] == document["loans"] == 4323
    assert document["rejected"] == 0
    assert document["totals"]["originated"] == 582_523_914
    assert document["totals"]["charged_off"] == 44_666_536


def test_help_teaches_each_command():
    top = run("--help").stdout
    for name in (
        "tape",
        "twin",
        "fit",
        "forecast",
        "provisions",
        "stress",
        "loss",
        "report",
        "synthetic",
        "demo",
        "log",
        "config",
    ):
        assert name in top
        assert run(name, "--help").returncode == 0


def test_help_groups_commands_in_the_order_of_work_and_fits_80_columns():
    shown = run("--help", env={**os.environ, "COLUMNS": "80"}).stdout
    lines = shown.splitlines()
    assert max(map(len, lines)) <= 80
    panels = [line.strip("╭╮─ ") for line in lines if line.startswith("╭")]
    assert panels == [
        "Options",
        "Begin",
        "One loan, to the cent",
        "Learn from history",
        "Look ahead",
        "Provisions, losses, capital",
        "Decide",
        "Challenge",
        "Look inside",
    ], "a command without a panel stands in one named Commands"
    assert "--version" in shown
    assert "--install-completion" in shown
    inner = "╰" + "─" * 78 + "╯"
    assert lines.count(inner) == len(panels)


@pytest.mark.parametrize("command", [command for group in GROUPS for command in group.registered_commands])
def test_help_has_one_line_a_paragraph(command):
    # in its rich mode typer keeps the line breaks of the source, which at 80 columns tear sentences apart
    for paragraph in command.help.split("\n\n"):
        assert "\n" not in paragraph
        assert paragraph == " ".join(paragraph.split())


def test_version():
    named = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    made = run("--version")
    assert (made.returncode, made.stdout, made.stderr) == (0, f"loantwin {named}\n", "")


def test_the_shell_completes_commands():
    asked = {"_LOANTWIN_COMPLETE": "complete_bash", "COMP_WORDS": "loantwin conc", "COMP_CWORD": "1"}
    code = "import sys; sys.argv = ['loantwin']; from loantwin.interfaces.cli.main import run; run()"
    made = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **asked}
    )
    assert made.stdout.split() == ["concentration"]


def test_help_names_the_extra_in_full():
    assert "loantwin[jax]" in run("sensitivity", "--help").stdout, "brackets are no markup"


@pytest.mark.slow
def test_no_such_home(tmp_path):
    for command in (
        ["forecast"],
        ["loss"],
        ["provisions", "--standard", "ifrs9"],
        ["log", "verify"],
        ["config", "show"],
    ):
        head, *rest = command
        place = (
            [head, rest[0], tmp_path / "none"]
            if head in ("log", "config")
            else [head, tmp_path / "none", *rest]
        )
        refused(run(*place), "none")


@pytest.mark.parametrize(
    ("content", "word"),
    [(b"", "empty"), (b"LoanNr_ChkDgt,Name\n", ""), (b"\x00\x01\x02garbage", "")],
    ids=["empty", "header", "binary"],
)
def test_a_tape_that_is_none(tmp_path, content, word):
    tape = tmp_path / "tape.csv"
    tape.write_bytes(content)
    refused(run("tape", "check", tape, "--format", "sba", "--json"), "tape.csv", word)


def test_bad_usage(tmp_path):
    tape = tmp_path / "tape.csv"
    tape.write_text("a,b\n1,2\n")
    refused(run("tape", "check", tape, "--format", "no-such-format"), "no-such-format")
    refused(run("tape", "check", tmp_path / "missing.csv", "--format", "sba"), "missing.csv")
    refused(
        run("twin", "create", tmp_path / "home", "--tape", tape, "--format", "sba", "--as-of", "31.12.2005"),
        "YYYY-MM-DD",
    )
    assert run("no-such-command").returncode == 2
    assert not (tmp_path / "home").exists()


def test_config_show_names_each_origin():
    document = json.loads(run("config", "show", "--json").stdout)
    assert document["schema"] == "loantwin.config/1"
    assert document["settings"]["run.paths"] == {"value": 2000, "origin": "default"}


def test_an_unknown_setting_in_the_environment_is_refused():
    refused(run("config", "show", env={**os.environ, "LOANTWIN_RUN_PATH": "1"}), "LOANTWIN_RUN_PATH")


@pytest.mark.slow
def test_the_raw_lenders_tour(tmp_path):
    def step(*arguments):
        made = run(*arguments, "--json", cwd=tmp_path)
        assert made.returncode == 0, made.stderr
        return json.loads(made.stdout)

    assert (
        step("synthetic", "lender", "--loans", 1500, "--months", 36, "--seed", 3, "--as-tape", "mapping")[
            "loans"
        ]
        == 1500
    )
    checked = step("tape", "check", "lender/tape.csv", "--format", "lender/mapping.toml")
    assert checked["rows_read"] == checked["accepted_rows"] + checked["rejected"]
    created = step(
        "twin",
        "create",
        "home",
        "--tape",
        "lender/tape.csv",
        "--format",
        "lender/mapping.toml",
        "--as-of",
        "2021-12-31",
    )
    parts = ("on_book", "not_yet_on_book", "closed_before_as_of", "undated")
    assert sum(created[name] for name in parts) == created["loans"]
    step("fit", "home", "--macro", "lender/macro.csv")
    months = step("forecast", "home", "--months", 6, "--paths", 16)["months"]
    assert [month["month"] for month in months] == [
        "2022-01",
        "2022-02",
        "2022-03",
        "2022-04",
        "2022-05",
        "2022-06",
    ]
    assert step("log", "verify", "home")["ok"] is True
    assert Path(step("report", "home", "--out", "report.html")["path"]).name == "report.html"
    tables = run("forecast", "home", "--months", 6, "--paths", 16, cwd=tmp_path)
    assert "2022-06" in tables.stdout
