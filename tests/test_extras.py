"""What is optional: named alike in the code and in pyproject.toml, needed by nothing else, asked for in one
sentence.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import xlsxwriter

from loantwin import errors
from loantwin.book.sniff import open_tape
from loantwin.engine.gradients import load_jax
from loantwin.extras import EXTRAS, require
from loantwin.interfaces.cli.main import run

ROOT = Path(__file__).resolve().parent.parent
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PAGES = ("backtest", "components", "curves", "loss", "movement", "report", "stress")
"""Commands whose --out is a page."""
CORE_ALONE = """
import pkgutil, sys
class Absent:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in {modules}:
            raise ModuleNotFoundError("No module named " + name, name=name)
sys.meta_path.insert(0, Absent)
import loantwin
for name in loantwin.__all__:
    getattr(loantwin, name)
for module in pkgutil.walk_packages(loantwin.__path__, "loantwin."):
    if not module.name.startswith(("loantwin.env", "loantwin.models.scoring.estimator")):
        __import__(module.name)
made = loantwin.synthetic("lender", loans=200, months=36, seed=1, as_tape="mapping")
loantwin.twin_create("twin", "lender/tape.csv", "lender/mapping.toml", "2022-12-31")
loantwin.fit("twin", ["lender/macro.csv"])
print(len(loantwin.forecast("twin", months=3, paths=8).months))
"""


def block(monkeypatch: pytest.MonkeyPatch, extra: str) -> str:
    """Let an extra be absent; return what the message says of it."""
    for module in EXTRAS[extra]:
        monkeypatch.setitem(sys.modules, module, None)
    return f"expected the extra {extra}, was not installed; pip install 'loantwin[{extra}]'"


IMPORTED_AS = {"scikit-learn": "sklearn", "zen-engine": "zen"}
"""Distributions whose module has another name."""


def test_each_extra_is_declared_with_what_the_code_imports_of_it() -> None:
    declared = {
        name: tuple(
            sorted(IMPORTED_AS.get(word, word) for word in (re.split(r"[<>=\[]", item)[0] for item in items))
        )
        for name, items in DECLARED["optional-dependencies"].items()
        if name != "all"
    }
    assert dict(EXTRAS) == declared
    (everything,) = DECLARED["optional-dependencies"]["all"]
    assert everything == f"loantwin[{','.join(sorted(EXTRAS))}]"


@pytest.mark.parametrize(("extra", "module"), [(extra, name) for extra in EXTRAS for name in EXTRAS[extra]])
def test_one_module_that_is_absent_is_the_extra_that_is(
    extra: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(errors.ExtraError, match=re.escape(f"pip install 'loantwin[{extra}]'")):
        require(extra)


def test_an_excel_tape_asks_for_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = block(monkeypatch, "excel")
    tape = tmp_path / "tape.xlsx"
    with xlsxwriter.Workbook(tape) as book:
        book.add_worksheet().write_row(0, 0, ["loan", "amount"])
    with pytest.raises(errors.ExtraError) as refused:
        open_tape(tape)
    assert str(refused.value) == f"file {tape}: {words}"


def test_the_environment_asks_for_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    words = block(monkeypatch, "env")
    for name in [name for name in sys.modules if f"{name}.".startswith("loantwin.env.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ImportError) as refused:
        import_module("loantwin.env")
    assert isinstance(refused.value, errors.ExtraError)
    assert str(refused.value) == words


def test_the_classifier_asks_for_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    words = block(monkeypatch, "scoring")
    monkeypatch.delitem(sys.modules, "loantwin.models.scoring.estimator", raising=False)
    with pytest.raises(errors.ExtraError, match=re.escape(words)):
        import_module("loantwin.models.scoring.estimator")


def test_gradients_ask_for_their_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    words = block(monkeypatch, "jax")
    with pytest.raises(errors.ExtraError) as refused:
        load_jax()
    assert str(refused.value) == words


@pytest.mark.parametrize("command", PAGES)
def test_a_page_asks_for_its_extra_before_any_work(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = block(monkeypatch, "report")
    needs = {"movement": ["--from", "2020-12-31"], "backtest": ["--origin", "2020-12-31"]}.get(command, [])
    # the twin is not there either: the extra is asked for first
    line = ["loantwin", command, str(tmp_path / "twin"), *needs, "--out", str(tmp_path / "page.html")]
    monkeypatch.setattr(sys, "argv", line)
    with pytest.raises(SystemExit) as left:
        run()
    said = capsys.readouterr()
    assert (left.value.code, said.out, said.err) == (2, "", f"loantwin: {words}\n")


def test_the_demo_asks_for_its_extra_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import loantwin as lt

    words = block(monkeypatch, "report")
    with pytest.raises(errors.ExtraError, match=re.escape(words)):
        lt.demo(tmp_path / "demo")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_without_extras_all_but_what_subclasses_a_library_loads_and_the_main_job_runs(tmp_path: Path) -> None:
    absent = sorted({"markupsafe", *(module for modules in EXTRAS.values() for module in modules)})
    done = subprocess.run(
        [sys.executable, "-c", CORE_ALONE.format(modules=absent)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "3"
