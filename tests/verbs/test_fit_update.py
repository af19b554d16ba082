"""`fit --update` on a twin's home: one append, what it keeps, what it says, and what it refuses."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest

import loantwin as lt
from loantwin.book.mapping import from_dict
from loantwin.env.load import load_tables
from loantwin.errors import HomeError, UsageError
from loantwin.events.event import Event
from loantwin.events.home import Home
from loantwin.interfaces.cli.main import run
from tests.verbs.test_priors import snapshot

AS_OF, LATER = dt.date(2022, 12, 31), dt.date(2023, 2, 28)


def moved_on(home: Path, day: dt.date, **changes: object) -> None:
    """Load the same tape again as of a later day; `changes` are to the mapping's document."""
    with Home.open(home, writable=True) as opened:
        event = opened.log.last("TapeLoaded")
        assert event is not None
        data = {**event.data, "as_of": day.isoformat()}
        if changes:
            document = {**opened.read_json(data["mapping_blob"]), **changes}
            from_dict(document)
            data["mapping_blob"] = opened.put_json(document)
        opened.append([Event("TapeLoaded", day, data)])


@pytest.fixture
def home(panel_home: Path, tmp_path: Path) -> Path:
    """A fitted home of its own whose book has moved on by two months."""
    copy = tmp_path / "twin"
    shutil.copytree(panel_home, copy)
    moved_on(copy, LATER)
    return copy


def test_two_months_are_added(home: Path) -> None:
    with lt.open(home) as twin:
        before, events, stored = twin.model, twin.head[0], twin.fitted.data
    made = lt.fit(home, update=True)
    assert made.as_of == LATER
    assert made.update is not None
    assert (made.update["months"], made.update["updates"]) == (2, 1)
    assert made.update["of"] == stored["model_blob"]
    assert made.update["from"] == AS_OF.isoformat()
    assert any(note.startswith("2 months (2023-01 to 2023-02, ") for note in made.notes)
    with lt.open(home) as twin:
        assert twin.model.as_of == twin.as_of == LATER
        assert twin.model.to_dict() != before.to_dict()
        types = list(twin.home.log.types(events, twin.head[0]))
        assert types == ["ModelFitted"]
        # the macro files of the fit are read on, and its generator
        assert twin.fitted.data["facts"]["macro"] == stored["facts"]["macro"]
        assert twin.fitted.data["macro_blob"] == stored["macro_blob"]
        assert [source.path for source in twin.macro_sources] == ["macro.csv"]
        tables, _ = load_tables(twin)
        assert tables.parameters.segments == twin.model.parameters.segments
    ahead = lt.forecast(home, months=6, paths=64)
    assert ahead.as_of == LATER
    assert ahead.to_dict()["_provenance"]["model_hash"] != stored["model_blob"]


def test_in_python_at_a_later_date(panel_home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "twin"
    shutil.copytree(panel_home, copy)
    with lt.open(copy, writable=True) as twin:
        one = lt.fit(twin.at(dt.date(2023, 1, 31)), update=True)
        two = lt.fit(twin.refreshed().at(LATER), update=True)
    assert one.update is not None
    assert two.update is not None
    assert (one.update["updates"], two.update["updates"]) == (1, 2)
    assert two.update["full_fit"] == AS_OF.isoformat()


def test_the_command(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["loantwin", "fit", str(home), "--update", "--json"])
    with pytest.raises(SystemExit) as end:
        run()
    assert not end.value.code
    document = json.loads(capsys.readouterr().out)
    assert document["update"]["last_month"] == "2023-02"
    assert document["schema"] == "loantwin.fit/1"


def test_other_macro_files_may_be_given(home: Path, lender: Path) -> None:
    made = lt.fit(home, [lender / "macro.csv"], update=True)
    assert made.update is not None
    assert made.covariates
    assert made.generator["factors"]


def test_a_full_fit_has_no_update(home: Path, lender: Path) -> None:
    lt.fit(home, update=True)
    made = lt.fit(home, [lender / "macro.csv"])
    assert made.update is None
    assert "update" not in made.to_dict() or made.to_dict()["update"] is None


def test_a_fit_that_started_from_a_prior_is_carried_on(
    lender: Path, panel_home: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "twin"
    shutil.copytree(panel_home, copy)
    lt.fit(copy, [lender / "macro.csv"], prior="personal")
    moved_on(copy, LATER)
    made = lt.fit(copy, update=True)
    assert made.update is not None
    assert made.prior == "personal"
    # what is believed beforehand is in the curves that are moved, not added once more
    assert all(0.5 < factor < 2.0 for factor in made.update["moved"].values())


def test_what_combined_it_with_rivals_is_dropped_and_said(
    lender: Path, panel_home: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "twin"
    shutil.copytree(panel_home, copy)
    lt.fit(copy, [lender / "macro.csv"], combine=True)
    moved_on(copy, LATER)
    made = lt.fit(copy, update=True)
    assert made.relevel is None
    assert any("fit --combine finds them anew" in note for note in made.notes)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "logit"}, "it and `model`"),
        ({"prior": "card"}, "it and `prior`"),
        ({"combine": True}, "it and `combine`"),
        ({"model_from": "elsewhere"}, "it and `model_from`"),
    ],
)
def test_options_of_a_full_fit_are_refused(home: Path, options: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        lt.fit(home, update=True, **options)  # type: ignore[arg-type]  # options by name


def test_refusals(lender: Path, panel_home: Path, home: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    lt.twin_create(new, lender / "tape.csv", str(lender / "mapping.toml"), AS_OF)
    with pytest.raises(HomeError, match="expected a fitted model, was none"):
        lt.fit(new, update=True)
    same = tmp_path / "same"
    shutil.copytree(panel_home, same)
    with pytest.raises(UsageError, match="months after 2022-12-31, the date of the model and of the book"):
        lt.fit(same, update=True)
    moved_on(same, dt.date(2022, 6, 30))
    with pytest.raises(
        UsageError, match="a stored model as of 2022-06-30 or earlier, was 'one as of 2022-12-31'"
    ):
        lt.fit(same, update=True)
    moved_on(home, LATER, segment_by=["product"])
    with pytest.raises(UsageError, match="the segment_by that the stored model was fitted with"):
        lt.fit(home, update=True)
    other = tmp_path / "other"
    shutil.copytree(panel_home, other)
    lt.fit(other, [lender / "macro.csv"], model_from=panel_home)
    moved_on(other, LATER)
    with pytest.raises(UsageError, match="one taken over from another home"):
        lt.fit(other, update=True)


def test_a_refused_update_leaves_the_log_as_it_was(home: Path) -> None:
    moved_on(home, LATER, segment_by=["product"])
    with lt.open(home) as twin:
        before = twin.head
    with pytest.raises(UsageError):
        lt.fit(home, update=True)
    with lt.open(home) as twin:
        assert twin.head == before


def test_a_book_at_one_date_has_no_months(tmp_path: Path) -> None:
    home = snapshot(tmp_path / "card", "personal", dt.date(2025, 6, 30))
    lt.fit(home, prior="personal")
    with pytest.raises(UsageError, match="a book with a history"):
        lt.fit(home, update=True)
