"""A package of another maker, installed with pip and used by name: one of each kind that loantwin takes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import loantwin as lt
from loantwin.book.mapping import FORMATS
from loantwin.decisions.check import application_policy
from loantwin.decisions.load import POLICIES
from loantwin.models.registry import TRANSITION_MODELS
from loantwin.risk.provisions.provisions import STANDARDS
from loantwin.verbs.loss.models import MODELS

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = ROOT / "examples" / "plugin"


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder into which the package was installed: no network, nothing into the environment."""
    folder = tmp_path_factory.mktemp("plugin")
    source, target = folder / "source", folder / "site"
    shutil.copytree(PLUGIN, source)
    words = [
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--disable-pip-version-check",
        "--target",
    ]
    subprocess.run([sys.executable, "-m", "pip", "install", *words, target, source], check=True)
    return target


@pytest.fixture
def plugin(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(installed)
    yield installed
    for name in [name for name in sys.modules if name.split(".")[0] == "loantwin_plugin"]:
        del sys.modules[name]


@pytest.fixture(scope="session")
def taught(small_home: Path, raw_lender: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("taught") / "twin"
    shutil.copytree(small_home, home)
    return home


def document(done) -> dict:
    assert done.code == 0, done.err
    return json.loads(done.out)


def test_the_package_offers_one_of_each_and_is_imported_only_when_named(plugin: Path) -> None:
    for registry, name in (
        (FORMATS, "plugin-format"),
        (TRANSITION_MODELS, "plugin-model"),
        (STANDARDS, "plugin-standard"),
        (MODELS, "plugin-loss"),
        (POLICIES, "plugin-policy"),
    ):
        assert name in registry.names()
    assert "loantwin_plugin" not in sys.modules
    lt.load_policy("plugin-policy")
    assert "loantwin_plugin.policy" in sys.modules
    assert "loantwin_plugin.loss" not in sys.modules


def test_a_tape_is_checked_in_its_format(plugin: Path, loantwin) -> None:
    found = document(loantwin("tape", "check", PLUGIN / "tape.csv", "--format", "plugin-format", "--json"))
    assert (found["rows_read"], found["accepted_rows"], found["rejections"]) == (4, 3, {"duplicate_id": 1})
    assert found["totals"]["originated"] == 12_000 + 30_000 + 9_000
    assert found["totals"]["charged_off"] == 18_500
    assert (found["format"], found["currency"]) == ("plugin-format", "EUR")


@pytest.mark.slow
def test_a_twin_is_taught_by_its_model_and_keeps_the_name(
    plugin: Path, loantwin, taught: Path, raw_lender: Path
) -> None:
    made = document(
        loantwin("fit", taught, "--macro", raw_lender / "macro.csv", "--model", "plugin-model", "--json")
    )
    assert made["model"] == "plugin-model"
    assert made["covariates"] == [], "taught without macro effects"
    with lt.open(taught) as twin:
        assert twin.model.provenance["model"] == "plugin-model"
        assert not twin.model.parameters.factors
    moved = document(loantwin("movement", taught, "--from", "2021-06-30", "--json"))
    assert moved["closing"] > 0, "another date is taught by the same model again"


def test_without_the_package_another_date_cannot_be_taught_and_says_why(
    plugin: Path, loantwin, taught: Path, raw_lender: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document(
        loantwin("fit", taught, "--macro", raw_lender / "macro.csv", "--model", "plugin-model", "--json")
    )
    monkeypatch.setattr(sys, "path", [place for place in sys.path if place != str(plugin)])
    document(loantwin("forecast", taught, "--months", 2, "--paths", 4, "--json"))
    loantwin("movement", taught, "--from", "2021-06-30", "--json").refused(
        "field model: expected one of logit, was 'plugin-model'"
    )


def test_the_allowance_by_its_standard_is_worked_out_by_hand(
    plugin: Path, loantwin, small_home: Path
) -> None:
    found = document(loantwin("provisions", small_home, "--standard", "plugin-standard", "--json"))
    assert found["standard"] == "plugin-standard"
    with lt.open(small_home) as twin:
        loans = twin.book.loans
    late = loans["state"].is_in(
        ["default_0_3", "default_3_6", "default_6_9", "default_9_12", "default_12_plus"]
    )
    owed = (loans["principal"] + loans["accrued_interest"].fill_null(0.0)) * loans["weight"]
    performing = 0.01 * float(owed.filter(~late.fill_null(False)).sum())
    in_default = found["allowance_gross"] - performing
    assert 0 <= in_default <= float(owed.filter(late.fill_null(False)).sum())
    assert found["exposure"] == pytest.approx(float(owed.sum()), rel=1e-9)
    assert sum(part["allowance"] for part in found["by_pool"].values()) == pytest.approx(found["allowance"])
    shown = loantwin("provisions", small_home, "--standard", "plugin-standard")
    assert "1 % of the exposure of loans that perform" in shown.out
    loantwin("provisions", small_home, "--standard", "plugin-standrad").refused(
        "--standard", "plugin-standard", "did you mean plugin-standard?"
    )
    loantwin("provisions", small_home, "--standard", "plugin-standard", "--overlays", "o.toml").refused(
        "a standard of expected losses with --overlays"
    )


@pytest.mark.slow
def test_losses_by_its_model(plugin: Path, loantwin, small_home: Path, tmp_path: Path) -> None:
    words = ["--paths", 1_000, "--confidence", 0.95, "--json"]
    own = document(
        loantwin("loss", small_home, "--model", "plugin-loss", "--out", tmp_path / "loss.html", *words)
    )
    stated = document(loantwin("loss", small_home, "--model", "gaussian", "--correlation", "0.15", *words))
    assert own["model"] == "plugin-loss"
    assert own["var"] == stated["var"]
    assert "plugin-loss" in (tmp_path / "loss.html").read_text(encoding="utf-8")
    loantwin("loss", small_home, "--model", "plugin-los").refused("did you mean plugin-loss?")


def test_its_policy_steers_a_forecast_and_decides(plugin: Path, loantwin, small_home: Path) -> None:
    words = ["forecast", small_home, "--months", 4, "--paths", 8, "--json", "--policy"]
    own, neutral = document(loantwin(*words, "plugin-policy")), document(loantwin(*words, "neutral"))
    assert own["policy"] == "plugin-policy"
    assert own["months"] != neutral["months"]
    application = {"application_id": "A-1", "amount": 1_000.0, "term_months": 12, "annual_pd": 0.01}
    assert application_policy(lt.load_policy("plugin-policy")).decide(
        application
    ).annual_rate == pytest.approx(0.066)


PRODUCT_OF_A_PACKAGE = """
import sys
import numpy as np
import loantwin as lt
from loantwin.products import registry
from loantwin.products.contract import schedule, terms
assert registry.PRODUCTS[5:] == ("plugin_product",), registry.PRODUCTS
assert "loantwin_plugin" not in sys.modules
assert registry.code("Plugin_Product") == 5
lt.check_product("plugin_product")
assert registry.product_flags()[0].tolist() == [True, True, False, True, False, False]
names = ("plugin_product", "interest_only")
own, known = (schedule(terms(registry.code(name), 12, 1200.0, 0.06)) for name in names)
assert np.array_equal(own.scheduled, known.scheduled) and own.scheduled[0, -1] == 1200.0
from loantwin.book.tape import read_tape
book = read_tape(sys.argv[1], sys.argv[2])
print(sorted(book.loans["product"].to_list()))
"""


def test_a_product_of_the_package_is_read_from_a_tape_and_runs_off(installed: Path, tmp_path: Path) -> None:
    mapping = (PLUGIN / "src" / "loantwin_plugin" / "mapping.toml").read_text(encoding="utf-8")
    (tmp_path / "own.toml").write_text(mapping.replace('"instalment"', '"plugin_product"'), encoding="utf-8")
    words = [sys.executable, "-c", PRODUCT_OF_A_PACKAGE, PLUGIN / "tape.csv", tmp_path / "own.toml"]
    places = os.pathsep.join([str(installed), *filter(None, sys.path)])
    done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": places})
    assert done.returncode == 0, done.stderr[-1000:]
    assert done.stdout.strip() == str(["plugin_product"] * 3)
    missing = subprocess.run(words, capture_output=True, text=True)
    assert "AssertionError: ('instalment'" in missing.stderr, "without the package no such product is known"


@pytest.mark.slow
def test_the_page_shows_the_package_as_it_is_and_its_checks_run(
    plugin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    blocks = [text.strip() for text in re.findall(r"```(?:python|toml)\n(.*?)```", page, re.DOTALL)]
    shown = [path for path in sorted((PLUGIN / "src").rglob("*.*")) if path.suffix in (".py", ".toml")]
    texts = {path.name: path.read_text(encoding="utf-8").strip() for path in shown}
    texts.pop("__init__.py")
    assert len(texts) == 7
    for name, text in texts.items():
        assert text in blocks, name
    entries, *others = [block for block in blocks if block not in texts.values()]
    assert entries in (PLUGIN / "pyproject.toml").read_text(encoding="utf-8")
    (checks,) = others
    monkeypatch.chdir(ROOT)
    exec(compile(checks, "extending.md", "exec"), {})
    assert checks.count("lt.check_") == 6
