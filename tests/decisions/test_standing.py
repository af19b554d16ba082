"""Who may decide on a day: worked by hand, and held to a slow day-by-day reading of any order of acts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loantwin.decisions.scoring.people import person, same_person
from loantwin.decisions.scoring.standing import check_placement, judgement, standing, why_not
from loantwin.errors import UsageError
from loantwin.events.register import Placement

from .registers import judged, placed, register, registered

DAY = date(2026, 1, 1)


def day(number: int) -> date:
    return DAY + timedelta(days=number)


def test_a_new_champion_ends_the_place_of_the_one_before() -> None:
    """A from day 5, B from day 20: one on each day, none before, and B retired on day 30 leaves none."""
    acts = [
        placed("a", day(5), "champion"),
        placed("b", day(20), "champion"),
        placed("b", day(30), "retired"),
    ]
    found = register([registered("a", DAY), registered("b", DAY), *acts])
    seen = [standing(found, "loans", day(number)).champion for number in (4, 5, 19, 20, 29, 30)]
    assert seen == [None, "a", "a", "b", "b", None]


def test_names_are_apart_and_shares_are_kept() -> None:
    acts = [
        placed("a", DAY, "champion"),
        placed("b", DAY, "challenger", share=0.25),
        placed("c", DAY, "champion"),
    ]
    found = register([registered("a", DAY), registered("b", DAY), registered("c", DAY, name="cards"), *acts])
    assert standing(found, "loans", DAY).champion == "a"
    assert standing(found, "loans", DAY).shares == {"b": 0.25}
    assert standing(found, "cards", DAY).champion == "c"
    promoted = register(
        [registered("a", DAY), registered("b", DAY), *acts[:2], placed("b", day(1), "champion")]
    )
    assert standing(promoted, "loans", day(1)).champion == "b"
    assert standing(promoted, "loans", day(1)).shares == {}


def test_a_place_that_was_backdated_is_not_seen_before_it_was_recorded() -> None:
    late = placed("b", day(10), "champion", recorded=day(40))
    found = register([registered("a", DAY), registered("b", DAY), placed("a", DAY, "champion"), late])
    assert standing(found.known(day(20)), "loans", day(20)).champion == "a"
    assert standing(found.known(day(40)), "loans", day(20)).champion == "b"
    assert set(found.known(DAY - timedelta(days=1)).models) == set()


PLACES = st.lists(
    st.tuples(
        st.sampled_from("abc"), st.integers(0, 8), st.sampled_from(("champion", "challenger", "retired"))
    ),
    max_size=12,
)


@given(PLACES)
def test_there_is_one_champion_at_a_time_whatever_the_order(acts: list[tuple[str, int, str]]) -> None:
    events = [placed(number, day(start), place, share=0.1) for number, start, place in acts]
    found = register([*(registered(number, DAY) for number in "abc"), *events])
    champion, sharing = None, set[str]()
    for today in range(10):
        for number, start, place in acts:  # of a day in the order they were recorded
            if start == today:
                sharing.discard(number)
                if place == "champion":
                    champion = number
                elif champion == number:
                    champion = None
                if place == "challenger":
                    sharing.add(number)
        seen = standing(found, "loans", day(today))
        assert (seen.champion, set(seen.shares)) == (champion, sharing)


@pytest.mark.parametrize(
    ("acts", "on", "words"),
    [
        ([], 0, "not approved by then"),
        ([judged("a", day(3))], 2, "not approved by then"),
        ([judged("a", day(3))], 3, None),
        ([judged("a", day(3), by=" Ana ")], 3, "not approved by then"),
        ([judged("a", day(3), role="analyst")], 3, "not approved by then"),
        ([judged("a", day(3)), judged("a", day(4), refuse=True)], 3, None),
        ([judged("a", day(3)), judged("a", day(4), refuse=True)], 4, "refused by eva on 2026-01-05"),
        ([judged("a", day(3), refuse=True), judged("a", day(4), by="ben")], 4, None),
        ([judged("a", day(3)), judged("a", day(4), by="ana", refuse=True)], 4, None),
        ([judged("a", day(3))], 90, None),
        ([judged("a", day(3))], 91, "expired on 2026-04-01"),
    ],
)
def test_why_a_model_may_not_decide(acts: list[Any], on: int, words: str | None) -> None:
    found = register([registered("a", DAY, expires="2026-04-01"), *acts])
    assert why_not(found, found.models["a"], day(on)) == words
    said = judgement(found, found.models["a"], day(on))
    assert said is None or said.by != "ana"


@pytest.mark.parametrize(
    ("number", "on", "place", "share", "field", "words"),
    [
        ("b", 5, "champion", 0.0, "model", "loans/1, not approved by then"),
        ("b", 5, "challenger", 0.1, "model", "not approved by then"),
        ("a", 95, "champion", 0.0, "model", "expired on 2026-04-01"),
        ("a", 95, "challenger", 0.0, "model", "expired on 2026-04-01"),
        ("a", 5, "challenger", 1.1, "share", "a share from 0 to 1"),
        ("a", 5, "challenger", -0.1, "share", "a share from 0 to 1"),
        ("a", 5, "champion", 0.5, "share", "a share of a challenger alone"),
        ("a", -1, "challenger", 0.0, "start", "a day from 2026-01-01 on"),
        ("a", 1, "champion", 0.0, "model", "not approved by then"),
        ("b", 5, "retired", 0.0, "model", "which has none"),
        ("a", 5, "challenger", 0.5, "share", "of 1 in all on 2026-01-11, was '1.1'"),
    ],
)
def test_places_that_are_refused(
    number: str, on: int, place: str, share: float, field: str, words: str
) -> None:
    taken = [registered("c", DAY), judged("c", day(3)), placed("c", day(10), "challenger", share=0.6)]
    found = register(
        [registered("a", DAY, expires="2026-04-01"), registered("b", DAY), judged("a", day(3)), *taken]
    )
    with pytest.raises(UsageError, match=words) as refused:
        check_placement(found, Placement(number, day(on), day(5), place, share, "eva"))
    assert refused.value.field == field


def test_a_challenger_that_only_watches_needs_no_approval() -> None:
    found = register([registered("a", DAY)])
    check_placement(found, Placement("a", DAY, DAY, "challenger", 0.0, "eva"))


def test_people_are_told_apart_by_their_names() -> None:
    assert same_person("Ana  Moreau", "ana moreau ")
    assert same_person("Ana.", "ana")
    assert same_person("A.-M. Roy", "a m roy")
    for other in ("Anna", "Aná", "…"):
        assert not same_person("Ana", other)
    assert not same_person("…", "?")
    assert not same_person(None, None)
    assert not same_person("ana", None)
    assert person("  eva ") == "eva"
    assert person(None)
    for wrong in ("", " ", "a\nb", "a\x1b[2J", "x" * 81, 3):
        with pytest.raises(UsageError, match="field by: expected a name"):
            person(wrong)  # type: ignore[arg-type]
