"""Columns of tapes and templates nobody described: at least nine of ten are right, none is wrong above 0.9,
wrong ones are unsure.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest

import loantwin as lt
from loantwin.book.guess.match import UNSURE
from loantwin.book.guess.results import TapeMap

ONE = {"state": "status", "status": "state"}
"""How a loan stands, by the kind of the tape: of names alone the kind is not known."""


def judged(found: TapeMap, truth: Mapping[str, str | tuple[str, ...]]) -> tuple[int, int, list[str]]:
    """Return how many columns are right, of how many, and complaints that no score excuses."""
    right, wrong = 0, []
    for field, stated in truth.items():
        sources = (stated,) if isinstance(stated, str) else stated
        item = found.columns.get(field) or found.columns.get(ONE.get(field, ""))
        if item is not None and item.source in sources:
            right += 1
            continue
        if item is None:
            continue
        if item.confidence > UNSURE or not {field, ONE.get(field, "")} & set(found.unsure):
            wrong.append(f"{field}: {item.source} at {item.confidence}")
    return right, len(truth), wrong


def total(scores: Mapping[str, tuple[int, int, list[str]]]) -> float:
    assert [f"{name}: {words}" for name, (_, _, wrong) in scores.items() for words in wrong] == []
    return sum(right for right, _, _ in scores.values()) / sum(size for _, size, _ in scores.values())


@pytest.mark.data
@pytest.mark.slow
def test_the_cases(cases: Path, truths: ModuleType) -> None:
    scores = {name: judged(lt.tape_map(cases / name), truth) for name, truth in truths.CASES.items()}
    assert total(scores) >= 0.9
    assert min(right / size for right, size, _ in scores.values()) >= 0.75


@pytest.mark.slow
@pytest.mark.data
def test_the_templates_by_names_alone(data: Path, tmp_path: Path, truths: ModuleType) -> None:
    folder = data / "templates"
    scores = {name: judged(lt.tape_map(folder / name), truth) for name, truth in truths.TEMPLATES.items()}
    assert total(scores) >= 0.9
    assert min(right / size for right, size, _ in scores.values()) >= 0.9
    # The same names as the header of a file without a row.
    for name, found in (
        (name, lt.tape_map(folder / name)) for name in truths.TEMPLATES if name != "esma_auto_synthetic.csv"
    ):
        names = list(dict.fromkeys([*(item.source for item in found.columns.values()), *found.unmapped]))
        header = tmp_path / "header.csv"
        header.write_text("|".join(names) + "\n", encoding="utf-8")
        right, size, wrong = judged(lt.tape_map(header), truths.TEMPLATES[name])
        assert not wrong, name
        assert right >= 0.9 * size, name


def test_cases_that_state_columns_and_have_no_tape(tmp_path: Path, truths: ModuleType) -> None:
    scores = {}
    for name, truth in truths.STATED.items():
        names = truths.PROSPER if "prosper" in name else tuple(str(source) for source in truth.values())
        header = tmp_path / "header.csv"
        header.write_text("|".join(names) + "\n", encoding="utf-8")
        scores[name] = judged(lt.tape_map(header), truth)
    assert total(scores) >= 0.9


@pytest.mark.slow
def test_tapes_made_up_later(tmp_path: Path, held_out: ModuleType) -> None:
    scores = {}
    for name, (_, lines, truth) in held_out.HEADERS.items():
        tape = tmp_path / "tape.csv"
        tape.write_text("\n".join(lines) + "\n", encoding="utf-8")
        scores[name] = judged(lt.tape_map(tape), truth)
    assert total(scores) >= 0.9
