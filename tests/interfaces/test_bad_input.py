"""Hostile use of the command line: exit code 2, one message that names the place, and nothing half
written.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

import loantwin as lt
from loantwin.errors import InputError
from loantwin.interfaces.cli import main

LOANTWIN = [sys.executable, "-c", "from loantwin.interfaces.cli.main import run; run()"]


def started(*arguments, **options):
    return subprocess.Popen(
        [*LOANTWIN, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    )


def test_quarantine_is_written_whole_and_never_over_the_tape(loantwin, raw_lender, tmp_path):
    tape, mapping = tmp_path / "tape.csv", raw_lender / "mapping.toml"
    shutil.copy(raw_lender / "tape.csv", tape)
    before = tape.read_bytes()
    for target in (tape, tmp_path, tmp_path / "nowhere" / "q.csv"):
        loantwin("tape", "check", tape, "--format", mapping, "--quarantine", target, "--json").refused(
            "--quarantine", str(target)
        )
    assert tape.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["tape.csv"]
    assert (
        loantwin(
            "tape", "check", tape, "--format", mapping, "--quarantine", tmp_path / "q.csv", "--json"
        ).code
        == 0
    )
    assert (tmp_path / "q.csv").read_text(encoding="utf-8").startswith("row,loan_id,field,rule,raw,kind\n")


@pytest.mark.parametrize(
    ("raised", "code", "words"),
    [
        (MemoryError("2 TiB"), 2, "fewer --paths"),
        (OSError(28, "No space left on device"), 2, "No space left"),
        (KeyboardInterrupt(), 130, ""),
        (ZeroDivisionError("oops"), 1, "internal failure, please report it: ZeroDivisionError: oops"),
    ],
)
def test_exit_codes_of_what_escapes(raised, code, words, capsys):
    def command():
        raise raised

    with pytest.raises(SystemExit) as end:
        main.run(command)
    shown = capsys.readouterr()
    assert end.value.code == code
    assert shown.out == ""
    assert words in shown.err
    assert ("Traceback" in shown.err) == (code == 1)


@pytest.mark.parametrize("form", [["--json"], []])
def test_a_reader_that_stops_is_no_failure(form, monkeypatch):
    made = started("config", "show", *form)
    made.stdout.close()
    assert made.wait() == 0
    assert made.stderr.read() == ""


def test_standard_streams_may_be_closed(tmp_path):
    script = 'exec "$0" -c "from loantwin.interfaces.cli.main import run; run()" "$@" >&- 2>&-'
    for arguments, code in ((["config", "show"], 0), (["forecast", tmp_path / "none"], 2)):
        made = subprocess.run(["bash", "-c", script, sys.executable, *map(str, arguments)], check=False)
        assert made.returncode == code


def test_an_interrupt_ends_quietly_and_leaves_nothing(tmp_path):
    made = started(
        "synthetic", tmp_path / "book", "--loans", 3_000_000, "--months", 48, "--as-tape", "mapping"
    )
    while made.poll() is None and not list(tmp_path.glob(".book.writing-*/tape.csv")):
        pass
    made.send_signal(signal.SIGINT)
    out, err = made.communicate(timeout=60)
    assert (made.returncode, out.strip(), err.strip()) == (130, "", "")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_home_fails_with_its_problems_on_standard_error(loantwin, small_home, tmp_path):
    home = tmp_path / "twin"
    shutil.copytree(small_home, home)
    lost = next((home / "blobs").iterdir())
    lost.unlink()
    loantwin("log", "verify", home, "--json").refused(lost.name, "restore")
    assert loantwin("log", "verify", small_home, "--json").code == 0


def test_synthetic_into_what_exists_is_refused(loantwin, tmp_path):
    (tmp_path / "file").write_text("here", encoding="utf-8")
    loantwin("synthetic", tmp_path / "file", "--loans", 10).refused("new or empty folder")
    loantwin("synthetic", tmp_path / "file" / "book", "--loans", 10).refused("folder that can be made")
    assert [item.name for item in tmp_path.iterdir()] == ["file"]


def test_without_a_cache_folder_one_warning(tmp_path):
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("HOME", "LOANTWIN_CACHE_DIR", "XDG_CACHE_HOME")
    }
    code = "import loantwin.interfaces.cli.main as m; m.run(lambda: __import__('loantwin.kernels'))"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=kept, check=False)
    assert (made.returncode, made.stdout) == (0, "")
    assert made.stderr.count("\n") == 1
    assert made.stderr.startswith("loantwin: warning: expected a writable cache folder")


OPTIONS = [
    (["forecast", "--months", "0"], "--months"),
    (["forecast", "--months", "10000"], "10000"),
    (["forecast", "--paths", "0"], "--paths"),
    (["forecast", "--scenario", "none.csv#Base"], "none.csv"),
    (["forecast", "--align", "start"], "--scenario"),
    (["forecast", "--policy", "none.toml"], "none.toml"),
    (["forecast", "--new-lending", "none.csv"], "none.csv"),
    (["loss", "--confidence", "0"], "--confidence"),
    (["loss", "--confidence", "1"], "--confidence"),
    (["loss", "--confidence", "1.5"], "--confidence"),
    (["loss", "--confidence", "nan"], "--confidence"),
    (["loss", "--confidence", "0.99999", "--paths", "100"], "2000001 paths"),
    (["loss", "--confidence", "0.999999999999"], "--paths"),
    (["provisions", "--standard", "ifrs99"], "--standard"),
    (["provisions", "--standard", "ifrs9", "--align", "start"], "--scenario"),
    (["stress"], "--scenario"),
]


@pytest.mark.parametrize(
    ("arguments", "word"), OPTIONS, ids=lambda item: " ".join(item) if isinstance(item, list) else None
)
def test_each_bad_option_is_one_message(loantwin, small_home, arguments, word):
    command, *options = arguments
    if word == "10000":
        word = "months: expected a horizon that ends by"
    loantwin(command, small_home, *options, "--json").refused(word)


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda home: lt.forecast(home, months=0), "months"),
        (lambda home: lt.forecast(home, paths=0), "paths"),
        (lambda home: lt.loss(home, months=0), "months"),
        (lambda home: lt.stress(home, ["x.csv"], months=0), "months"),
        (lambda home: lt.provisions(home, "ifrs9", supported_months=0), "supported_months"),
    ],
)
def test_the_verbs_refuse_what_the_options_refuse(small_home, call, field):
    with pytest.raises(InputError) as caught:
        call(small_home)
    assert caught.value.field == field


def test_a_supported_period_beyond_the_scenario_names_what_is_missing(loantwin, small_home, raw_lender):
    scenario = f"{raw_lender / 'scenarios.csv'}#Baseline"
    options = ("--standard", "ifrs9", "--align", "start", "--scenario", scenario, "--supported-months", 500)
    loantwin("provisions", small_home, *options).refused(
        "scenario Baseline to cover", "the end of the supported period"
    )


OUTCOMES = """
name = "own"
currency = "EUR"
observes = ["defaults", "charge_offs", "prepayment"]
segment_by = []
[columns.loan_id]
source = "No"
[columns.product]
source = "Kind"
[columns.term_months]
source = "Term"
[columns.originated_amount]
source = "Amount"
[columns.annual_rate]
source = "Rate"
[columns.origination_date]
source = "Start"
formats = ["%Y-%m-%d"]
[columns.closed_date]
source = "End"
formats = ["%Y-%m-%d"]
"""


HEADER = "No,Kind,Term,Amount,Rate,Start,End"


def outcomes_twin(loantwin, folder, macro, *rows):
    (folder / "own.toml").write_text(OUTCOMES, encoding="utf-8")
    text = "\n".join([HEADER, *rows])
    (folder / "tape.csv").write_text(text + "\n", encoding="utf-8")
    made = loantwin(
        "twin",
        "create",
        folder / "twin",
        "--tape",
        folder / "tape.csv",
        "--format",
        folder / "own.toml",
        "--as-of",
        "2021-12-31",
    )
    return made if made.code else loantwin("fit", folder / "twin", "--macro", macro)


LOANS = [
    f"{number},instalment,60,1000,0.05,2020-{1 + number % 12:02d}-10,"
    f"{'2021-06-30' if number % 5 == 0 else ''}"
    for number in range(60)
]


def test_a_line_without_a_term_is_renewed_and_said(loantwin, raw_lender, tmp_path):
    outcomes_twin(
        loantwin, tmp_path, raw_lender / "macro.csv", *LOANS, "line,revolving,,1000,0.05,2020-01-10,"
    )
    made = loantwin("forecast", tmp_path / "twin", "--months", 3, "--paths", 4)
    assert made.code == 0
    assert "revolving_term_months" in " ".join(made.out.split())
    with lt.open(tmp_path / "twin") as twin:
        line = twin.book.loans.filter(twin.book.loans["loan_id"] == "line")
        left = lt.Outlook(twin).columns.remaining_months.tolist()
    assert line.height == 1
    # renewed at every date: 60 months are left of it, however long ago it was opened
    assert 60 in left


def test_a_book_of_no_currency_is_refused_before_anything_is_made(loantwin, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "OUTCOMES", OUTCOMES.replace('currency = "EUR"', ""))
    outcomes_twin(loantwin, tmp_path, "none.csv", *LOANS).refused("own.toml", "field currency")
    assert not (tmp_path / "twin").exists()


PLANS = [
    ("m,a\n2022-01,1\n", "month, amount"),
    ("month,amount\n2022-01,-5\n", "row 1, field amount"),
    ("month,amount\n2022-01,nan\n", "row 1, field amount"),
    ("month,amount\n2029-01,5\n", "row 1, field month"),
    ("month,amount\n2022-01,5\n2022-1,5\n", "row 2, field month"),
    ("month,amount,amount\n2022-01,1,2\n", "each column once"),
    ("month,amount\n2022-01\n", "row 1"),
]


@pytest.mark.parametrize(("text", "words"), PLANS)
def test_each_fault_of_a_lending_plan_names_its_row(loantwin, small_home, tmp_path, text, words):
    plan = tmp_path / "plan.csv"
    plan.write_text(text, encoding="utf-8")
    loantwin("forecast", small_home, "--months", 3, "--paths", 4, "--new-lending", plan).refused(
        "plan.csv", words
    )


@pytest.mark.parametrize("amount", ["0", "1000"])
def test_a_book_with_nothing_alive_is_fitted_and_valued(loantwin, raw_lender, tmp_path, monkeypatch, amount):
    monkeypatch.setattr(
        sys.modules[__name__],
        "OUTCOMES",
        OUTCOMES + '[columns.default_date]\nsource = "Default"\nformats = ["%Y-%m-%d"]\n',
    )
    monkeypatch.setattr(sys.modules[__name__], "HEADER", HEADER + ",Default")
    rows = [
        f"{row.rsplit(',', 1)[0].replace('1000', amount)},,{'2021-10-31' if amount == '1000' else ''}"
        for row in LOANS
    ]
    assert outcomes_twin(loantwin, tmp_path, raw_lender / "macro.csv", *rows).code == 0
    made = loantwin("provisions", tmp_path / "twin", "--standard", "ifrs9", "--json")
    document = json.loads(made.out)
    in_default = document["by_stage"].get("3", {"loans": 0})["loans"]
    assert in_default == (60 if amount == "1000" else 0)
    made = loantwin("loss", tmp_path / "twin", "--json")
    if amount == "0":
        made.refused("expected a loan with an exposure")
    else:
        assert json.loads(made.out)["es"]["value"] == 0.0
