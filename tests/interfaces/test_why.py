"""`why`: a printed figure comes out again to the bit, and what was changed since is named."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import loantwin as lt
from loantwin.errors import InputError, LogError
from loantwin.events.event import Event
from loantwin.events.home import Home
from loantwin.interfaces.cli.made_by import TYPED
from loantwin.interfaces.cli.main import run
from loantwin.interfaces.why import WhyResult

pytestmark = pytest.mark.usefixtures("few_paths")

OVERLAY = """[[overlay]]
name = "flood"
author = "A. Person"
reason = "houses by the river"
expires = 2023-06-30
percent = 10.0
"""


@pytest.fixture(scope="module")
def home(panel_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home of this module's own: it appends to the log."""
    place = tmp_path_factory.mktemp("why") / "twin"
    shutil.copytree(panel_home, place)
    return place


def printed(words: list[str], file: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> dict[str, Any]:
    """Return the document that the command prints, which `file` then holds."""
    capsys.readouterr()
    monkeypatch.setattr(sys, "argv", ["loantwin", *words])
    token = TYPED.set(())
    try:
        with pytest.raises(SystemExit) as end:
            run()
        assert not end.value.code
    finally:
        TYPED.reset(token)
    text = capsys.readouterr().out
    file.write_text(text, encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


@pytest.mark.slow
def test_a_figure_comes_out_again_and_changes_are_named(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    overlays, file = tmp_path / "overlays.toml", tmp_path / "p.json"
    overlays.write_text(OVERLAY, encoding="utf-8")
    words = ["provisions", str(home), "--standard", "ifrs9", "--overlays", "overlays.toml", "--json"]
    document = printed(words, file, monkeypatch, capsys)
    assert document["_provenance"]["made_by"]["command"] == words

    found = lt.why(f"{file}#by_stage.2.allowance")
    assert found.same
    assert found.derived == found.recorded == document["by_stage"]["2"]["allowance"]
    assert found.command == tuple(words)
    assert {parent.kind for parent in found.parents} == {
        "log", "tape", "model", "settings", "program", "file",
    }  # fmt: skip
    assert all(parent.same and parent.recorded for parent in found.parents)
    jsonschema.validate(json.loads(json.dumps(found.to_dict())), WhyResult.json_schema())

    # what the log learns later is not in a figure of before
    with lt.open(home) as twin:
        loan = twin.book.loans["loan_id"][0]
    with Home.open(home, writable=True) as opened:
        opened.append([Event("LoanChargedOff", date(2022, 12, 31), {"loan_id": loan, "principal": 100_00})])
    later = lt.why(f"{file}#overlays.0.amount")
    assert (later.same, later.later_events) == (True, 1)

    # one digit of the document
    forged = dict(document, allowance=document["allowance"] * (1 + 2**-52))
    (tmp_path / "forged.json").write_text(json.dumps(forged), encoding="utf-8")
    assert not lt.why(f"{tmp_path / 'forged.json'}#allowance").same
    assert lt.why(f"{tmp_path / 'forged.json'}#exposure").same

    # a file that the command read
    overlays.write_text(OVERLAY.replace("10.0", "11.0"), encoding="utf-8")
    changed = lt.why(f"{file}#overlay_total")
    assert not changed.same
    assert changed.derived == pytest.approx(1.1 * changed.recorded)
    assert [parent.name for parent in changed.parents if not parent.same] == ["overlays.toml"]


def test_what_cannot_be_made_again_is_refused(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "c.json"
    document = printed(["curves", str(home), "--json"], file, monkeypatch, capsys)
    with pytest.raises(InputError, match="a file that is there"):
        lt.why(f"{tmp_path / 'none.json'}#allowance")
    with pytest.raises(InputError, match="a path in the document"):
        lt.why(f"{file}#allowance")
    with pytest.raises(InputError, match="the path of one figure"):
        lt.why(f"{file}#_provenance.settings")
    told = document["_provenance"]

    def refused(words: str, error: type[Exception] = InputError, **changes: Any) -> None:
        other = {**document, "_provenance": {**told, **changes}}
        file.write_text(json.dumps(other), encoding="utf-8")
        with pytest.raises(error, match=words):
            lt.why(f"{file}#schema")

    refused("as --json prints it", made_by=None)
    refused("only reads a home", made_by={"command": ["fit", str(home), "--json"]})
    refused("run why in the folder", made_by={"command": ["curves", "nowhere", "--json"]})
    refused("an event with hash", LogError, log_head="0" * 64)
    file.write_text("no json", encoding="utf-8")
    with pytest.raises(InputError, match="a JSON document"):
        lt.why(f"{file}#schema")
