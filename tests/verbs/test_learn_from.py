"""`fit --learn-from`: a book that learns from other twins, what it says of them, and what is refused."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import loantwin as lt
from loantwin.errors import HomeError, ModelError, UsageError
from loantwin.interfaces.cli.main import app
from loantwin.outlook.redated import twin_at

AS_OF = dt.date(2022, 12, 31)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return another lender's tape: a new book of two years."""
    folder = tmp_path_factory.mktemp("other") / "lender"
    lt.synthetic(folder, loans=400, months=48, seed=31, as_tape="mapping")
    return folder


@pytest.fixture
def new(other: Path, tmp_path: Path) -> Path:
    """Return the home of the new book, not fitted."""
    lt.twin_create(tmp_path / "new", other / "tape.csv", str(other / "mapping.toml"), AS_OF)
    return tmp_path / "new"


def test_a_fit_says_what_it_learnt_and_from_whom(new: Path, panel_home: Path, lender: Path) -> None:
    result = lt.fit(new, [lender / "macro.csv"], learn_from=[panel_home])
    with lt.open(panel_home) as source:
        stored, date = source.fitted.data["model_blob"], source.model.as_of
    named = [{"home": panel_home.name, "as_of": date.isoformat(), "model_hash": stored}]
    assert result.learnt_from["sources"] == named
    assert result.provenance["learnt_from"] == named
    shares = result.learnt_from["share"]
    assert set(shares) == {edge.edge for edge in result.edges}
    assert all(0.0 < share <= 1.0 for share in shares.values())
    # the new book saw more loans leave current than get from 60 to 90 days
    assert shares["current -> dpd_1_29"] < shares["dpd_60_89 -> default"]
    assert all(result.learnt_from["between"][edge]["assumed"] for edge in shares)
    assert f"learnt from {panel_home.name} (as of {date})" in " ".join(result.notes)
    assert "assumed: how much books differ" in " ".join(result.notes)
    with lt.open(new) as twin:
        assert twin.fitted.data["facts"]["learn_from"] == named
        assert set(twin.model.segments) == set(result.segments)
    # every later command runs on it and names it
    forecast = lt.forecast(new, months=6, paths=16)
    assert forecast.provenance["learnt_from"] == named


def test_the_command_line_prints_the_shares(new: Path, panel_home: Path, lender: Path) -> None:
    asked = ["fit", str(new), "--macro", str(lender / "macro.csv"), "--learn-from", str(panel_home)]
    made = CliRunner().invoke(app, [*asked, "--json"], catch_exceptions=False)
    assert json.loads(made.stdout)["learnt_from"]["sources"][0]["home"] == panel_home.name
    made = CliRunner().invoke(app, asked, catch_exceptions=False)
    assert "share of its level" in made.stdout


def test_a_book_at_one_date_is_its_source(panel_home: Path, lender: Path, tmp_path: Path) -> None:
    from tests.verbs.test_priors import snapshot

    home = snapshot(tmp_path, "personal", AS_OF, days=True)
    result = lt.fit(home, [lender / "macro.csv"], learn_from=[panel_home])
    assert all(share > 0.9 for share in result.learnt_from["share"].values())
    assert set(result.learnt_from["share"]) <= set(result.prior_only)
    with lt.open(home) as twin, lt.open(panel_home) as source:
        mine, theirs = twin.model, source.model
        for edge in theirs.edges:
            here, there = mine.edges.index(edge), theirs.edges.index(edge)
            pooled = len(mine.segments), len(theirs.segments)
            at = [
                model.parameters.age[place, 12] + model.parameters.segment[place, own]
                + model.parameters.macro[place] @ model.today
                for model, place, own in ((mine, here, pooled[0]), (theirs, there, pooled[1]))
            ]  # fmt: skip
            assert at[0] == pytest.approx(at[1], abs=0.1), edge
        for own, known in zip(mine.processes, theirs.processes, strict=True):
            assert own.mean == pytest.approx(known.mean, abs=0.02)


def test_a_twin_is_not_taught_again_before_what_its_sources_knew(
    new: Path, panel_home: Path, lender: Path
) -> None:
    lt.fit(new, [lender / "macro.csv"], learn_from=[panel_home])
    with lt.open(new) as twin:
        again = twin_at(twin, AS_OF).model
        assert again.diagnostics["learnt_from"] == twin.model.diagnostics["learnt_from"]
        with pytest.raises(UsageError, match="expected sources as of 2022-06-30 or earlier"):
            twin_at(twin, dt.date(2022, 6, 30))


def refused(new: Path, macro: list[Path], sources: list[Path], **beside: str) -> UsageError:
    with pytest.raises(UsageError) as error:
        lt.fit(new, macro, learn_from=sources, **beside)  # type: ignore[arg-type]
    return error.value


def test_a_source_that_knows_more_is_refused(
    other: Path, panel_home: Path, lender: Path, tmp_path: Path
) -> None:
    lt.twin_create(tmp_path / "old", other / "tape.csv", str(other / "mapping.toml"), dt.date(2021, 12, 31))
    error = refused(tmp_path / "old", [lender / "macro.csv"], [panel_home])
    assert "expected sources as of 2021-12-31 or earlier" in str(error)
    assert error.field == "learn_from"


def test_a_loan_does_not_count_twice(new: Path, panel_home: Path, lender: Path, tmp_path: Path) -> None:
    macro = [lender / "macro.csv"]
    lt.fit(new, macro)
    assert "expected another twin" in str(refused(new, macro, [new]))
    assert "twice" in str(refused(new, macro, [panel_home, panel_home]))
    lt.twin_create(tmp_path / "same", lender / "tape.csv", str(lender / "mapping.toml"), AS_OF)
    assert "count twice" in str(refused(tmp_path / "same", macro, [panel_home]))


def test_one_start_at_a_time(new: Path, panel_home: Path, lender: Path) -> None:
    for name, value in (("prior", "card"), ("model", "age-period-cohort"), ("model_from", str(panel_home))):
        error = refused(new, [lender / "macro.csv"], [panel_home], **{name: value})
        assert f"`{name}` beside it" in str(error)
    with pytest.raises(UsageError, match="expected a list of homes"):
        lt.fit(new, [lender / "macro.csv"], learn_from=str(panel_home))


def test_macro_files_go_with_the_sources(
    new: Path, other: Path, panel_home: Path, lender: Path, tmp_path: Path
) -> None:
    error = refused(new, [], [panel_home])
    assert "expected macro files with the covariates of the sources (unemployment_rate" in str(error)
    lt.fit(new)
    lt.twin_create(tmp_path / "third", lender / "tape.csv", str(lender / "mapping.toml"), AS_OF)
    assert "fitted with macro files" in str(refused(tmp_path / "third", [lender / "macro.csv"], [new]))
    assert lt.fit(tmp_path / "third", learn_from=[new]).covariates == ()


def test_another_kind_of_model_is_refused(
    other: Path, panel_home: Path, lender: Path, tmp_path: Path
) -> None:
    """One row a loan with its end knows no arrears: its default is the charge-off."""
    lt.twin_create(tmp_path / "ends", other / "outcomes.csv", str(other / "outcomes.toml"), AS_OF)
    with pytest.raises(ModelError, match="expected a source with the states current, charged_off, prepaid"):
        lt.fit(tmp_path / "ends", [lender / "macro.csv"], learn_from=[panel_home])


def test_a_home_without_a_model_is_refused(new: Path, lender: Path, tmp_path: Path) -> None:
    lt.twin_create(tmp_path / "bare", lender / "tape.csv", str(lender / "mapping.toml"), AS_OF)
    with pytest.raises(HomeError, match="expected a fitted model, was none"):
        lt.fit(new, [lender / "macro.csv"], learn_from=[tmp_path / "bare"])
