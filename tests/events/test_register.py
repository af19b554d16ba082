"""The register out of the log: scores and fitted models in one, and what a log cannot hold."""

from __future__ import annotations

from datetime import date

import pytest

from loantwin.errors import LogError, UsageError
from loantwin.events.event import Event, check_events
from loantwin.events.register import model_id
from tests.decisions.registers import BLOB, at, judged, placed, register, registered

DAY = date(2026, 1, 1)
OTHER = "cd" * 32


def fitted(blob: str, day: int, as_of: date = date(2025, 12, 31)) -> Event:
    data = {"model_blob": blob, "as_of": as_of.isoformat()}
    return at(Event("ModelFitted", as_of, data), date(2026, 1, day))


def test_events_are_what_the_log_takes() -> None:
    check_events([registered("a", DAY, expires="2026-04-01"), judged("a", DAY), placed("a", DAY, "champion")])


def test_fitted_models_are_versions_of_one_name() -> None:
    """Fitted again to the same bits it is the same model, in use again."""
    found = register([fitted(BLOB, 2), fitted(OTHER, 5), fitted(BLOB, 9)])
    assert [(item.words, item.by, item.recorded.day) for item in found.models.values()] == [
        ("transition/1", None, 2),
        ("transition/2", None, 5),
    ]
    assert [(item.model_id[:2], item.day.day) for item in found.placements] == [
        ("ab", 2),
        ("cd", 5),
        ("ab", 9),
    ]
    assert set(found.known(date(2026, 1, 4)).models) == {BLOB[:16]}


def test_a_model_is_found_by_id_beginning_and_version() -> None:
    found = register([registered("0123abcd", DAY), registered("0199abcd", DAY, name="cards")])
    assert found.find("0123abcd").name == found.find("012").name == found.find("loans/1").name == "loans"
    with pytest.raises(UsageError, match="field model: expected one model, was '01, which begins 0123abcd, "):
        found.find("01")
    for wrong in ("loans/2", "", "loans"):
        with pytest.raises(UsageError, match=r"expected one of loans/1 \(0123abcd\), cards/1"):
            found.find(wrong)
    with pytest.raises(UsageError, match="a model of the register, which is empty"):
        register([]).find("a")


def test_what_a_log_cannot_hold_is_refused() -> None:
    with pytest.raises(LogError, match="row 2, field model_id: expected a model that is not in the register"):
        register([registered("a", DAY), registered("a", DAY)])
    for act in (judged("b", DAY), placed("b", DAY, "champion")):
        with pytest.raises(LogError, match="row 2, field model_id: expected a model that was registered"):
            register([registered("a", DAY), act])
    with pytest.raises(LogError, match="one of champion, challenger, retired"):
        register([registered("a", DAY), placed("a", DAY, "king")])


def test_an_id_tells_name_score_and_record_apart() -> None:
    made = {
        model_id(name, *pair) for name in ("a", "b") for pair in ((BLOB, OTHER), (OTHER, BLOB), (BLOB, BLOB))
    }
    assert len(made) == 6
    assert model_id("a", BLOB, OTHER) == model_id("a", BLOB, OTHER)
