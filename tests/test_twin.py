"""A twin in the hand: open without `with`, read by many, a view of its log at one position."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from polars.testing import assert_frame_equal

import loantwin as lt
from loantwin.errors import HomeError, UsageError
from loantwin.events.event import Event
from loantwin.events.home import Home
from loantwin.outlook.outlook import Outlook
from loantwin.twin import Twin

pytestmark = pytest.mark.usefixtures("few_paths")


@pytest.fixture
def home(panel_home, tmp_path):
    return shutil.copytree(panel_home, tmp_path / "twin")


def recovery(loan, amount=100_00):
    return Event("RecoveryReceived", date(2022, 12, 1), {"loan_id": loan, "amount": amount})


def charged_off(twin):
    known = twin.known_loans
    return known.filter(known["charge_off_date"].is_not_null())["loan_id"][0]


def test_it_is_usable_without_with_and_says_what_it_is(home):
    twin = lt.open(home)
    assert isinstance(twin, Twin)
    assert repr(twin) == f"<loantwin.Twin twin: as of 2022-12-31, USD, fitted, event {twin.head[0]}>"
    loans = twin.book.loans.height
    assert f"{loans:,} loans on the book" in repr(twin)
    twin.close()
    assert twin.book.loans.height == loans  # what is kept stays readable
    assert repr(twin) == "<loantwin.Twin twin: closed>"
    with pytest.raises(HomeError, match="closed; open it again"):
        twin.refreshed()
    with lt.open(home) as again:
        assert again.book.loans.height == loans


@pytest.mark.parametrize(
    "verb",
    [
        lambda twin, _: lt.forecast(twin, months=4, paths=8),
        lambda twin, _: lt.provisions(twin, "ifrs9"),
        lambda twin, _: lt.loss(twin, months=6, paths=200, confidence=0.9),
        lambda twin, _: lt.capital(twin, any_date=True),
        lambda twin, _: lt.concentration(twin),
        lambda twin, _: lt.curves(twin),
        lambda twin, _: lt.movement(twin, date(2021, 6, 30)),
        lambda twin, lender: lt.stress(twin, [f"{lender / 'scenarios.csv'}#Severe"], align="start", months=6),
    ],
)
@pytest.mark.slow
def test_a_verb_says_the_same_of_an_open_twin_and_of_its_folder(small_home, raw_lender, verb):
    def told(of):
        document = verb(of, raw_lender).to_dict()
        document["_provenance"].pop("computed", None)
        return document

    with lt.open(small_home) as twin:
        first, second = told(twin), told(twin)
    assert first == second == told(small_home)


def test_later_events_are_seen_by_refreshed_alone_and_cost_only_what_they_change(home):
    with lt.open(home) as twin:
        loan = charged_off(twin)
        outlook = Outlook(twin)
        before, model, history, columns = twin.tables, twin.model, twin.history, outlook.columns
        lt.forecast(twin, months=3, paths=4)
        assert twin.refreshed() is twin
        with Home.open(home, writable=True) as writer:
            writer.append([recovery(loan)])
        assert twin.tables is before
        assert twin.provenance()["log_head"] == twin.head[1]
        later = twin.refreshed()
        assert later.head[0] == twin.head[0] + 1
        assert twin.tables is before
        assert later.model is model
        assert later.history is history
        assert Outlook(later).columns is not columns
        one, other = (
            tables.loans.filter(tables.loans["loan_id"] == loan)["recovered"].fill_null(0.0)[0]
            for tables in (twin.tables, later.tables)
        )
        assert other - one == pytest.approx(100.0)
        with lt.open(home) as anew:
            assert_frame_equal(anew.tables.loans, later.tables.loans)
            assert anew.tables.through == later.tables.through
            assert_frame_equal(anew.book.loans, later.book.loans)


def test_an_event_that_changes_nothing_kept_costs_nothing(home):
    with lt.open(home) as twin:
        lt.forecast(twin, months=3, paths=4)
        kept = {name: twin.store.peek(name) for name in twin.memory()}
        with Home.open(home, writable=True) as writer:
            from loantwin.events.fold import state_at, take_snapshot

            take_snapshot(writer, state_at(writer))
        later = twin.refreshed()
        assert later is not twin
        assert {name: later.store.peek(name) for name in later.memory()} == kept


def test_a_fit_changes_the_model_of_the_refreshed_view_only(home, lender):
    with lt.open(home) as twin:
        old, tables = twin.fitted.sequence, twin.tables
        assert twin.model is not None
        lt.fit(home, [lender / "macro.csv"])
        assert twin.fitted.sequence == old
        later = twin.refreshed()
        assert later.fitted.sequence > old
        assert later.tables is tables


def test_writing_takes_a_twin_opened_for_writing(home, lender):
    with (
        lt.open(home) as twin,
        pytest.raises(UsageError, match="opened for writing, was one opened for reading"),
    ):
        lt.fit(twin, [lender / "macro.csv"])
    with lt.open(home, writable=True) as twin:
        assert lt.fit(twin, [lender / "macro.csv"]).as_of == twin.as_of
        with pytest.raises(HomeError, match="process"):
            lt.open(home, writable=True)
    lt.open(home, writable=True).close()  # the lock was given back


@pytest.mark.slow
def test_eight_threads_read_one_twin_and_get_the_same_bits(small_home):
    def read(twin):
        made = lt.forecast(twin, months=6, paths=16, seed=3)
        return (
            made.months,
            lt.provisions(twin, "ifrs9").allowance,
            lt.loss(twin, months=6, paths=200, confidence=0.9).var,
        )

    wanted = read(small_home)
    with lt.open(small_home) as twin, ThreadPoolExecutor(8) as pool:
        assert all(found == wanted for found in pool.map(lambda _: read(twin), range(8)))


def test_what_is_kept_is_bounded_and_can_be_asked(home):
    with lt.open(home) as twin:
        lt.forecast(twin, months=4, paths=4)
        size = twin.memory()
        assert size["twin.tables"] >= twin.tables.loans.estimated_size()
        assert set(size) >= {
            "twin.tables",
            "twin.model",
            "outlook.book",
            "outlook.columns",
            "outlook.exposure",
        }
        for months in range(1, 30):
            lt.forecast(twin, months=months, paths=4)
        grown = twin.memory()
        assert grown.keys() == size.keys()
        assert grown["outlook.exposure"] <= 8 * 30 / 4 * size["outlook.exposure"]


def test_another_date_keeps_what_depends_on_no_date(home):
    with lt.open(home) as twin:
        tables, mapping = twin.tables, twin.mapping
        seen = twin.at(date(2022, 6, 30))
        assert seen.tables is tables
        assert seen.mapping is mapping
        assert seen.book.loans.height != twin.book.loans.height
        assert twin.as_of == date(2022, 12, 31)
