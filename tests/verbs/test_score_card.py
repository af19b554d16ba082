"""`score card`: from the record, of other cases, of an older record; approvals of a home's register."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import loantwin as lt
from loantwin.errors import ModelError
from loantwin.events.home import Home
from loantwin.interfaces.report.score_card.page import page
from loantwin.models.scoring.curves import curves_of
from loantwin.models.scoring.measures import auc
from loantwin.models.scoring.store import read_record, read_score, write_scores
from loantwin.verbs.score_card import NOT_RECORDED

from .test_score_train import cases, train


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("card")
    cases().write_csv(place / "cases.csv")
    return place


def test_a_card_tells_what_the_training_told(folder: Path) -> None:
    told = train(folder / "cases.csv", folder / "kept", time="day", segments=("job",))
    card = lt.score_card(folder / "kept", purpose=" loans ")
    same = ("models", "champion", "compared", "segments", "periods", "moved", "leaks", "features", "points",
            "left_out", "registry_id", "rows", "bads", "judged_on", "bad_values", "unknown")  # fmt: skip
    for name in same:
        assert getattr(card, name) == getattr(told, name), name
    days = cases()["day"]
    assert card.dates == (str(days.min()), str(days.max()))
    assert (card.purpose, card.not_recorded, card.other_cases) == ("loans", (), None)
    for name, curve in card.curves.items():
        # the trapezium under the recorded curve is nearly the area that was judged
        area = float(np.trapezoid(curve.bads, curve.goods))
        assert area == pytest.approx(card.models[name].auc, abs=0.01)
        assert sum(curve.good_shares) == pytest.approx(1)
        assert sum(curve.bad_shares) == pytest.approx(1)
    assert "loans" in page(card)


def test_a_curve_by_hand() -> None:
    bad = np.array([True, False, True, False])
    made = curves_of(bad, np.array([2.0, 1.0, 0.0, -1.0]))
    at = dict(zip(np.round(made.goods, 3).tolist(), made.bads, strict=True))
    # one bad before any good, the other after half of the goods
    assert (at[0.0], at[0.25], at[0.5], at[1.0]) == (0.5, 0.5, 1.0, 1.0)
    assert auc(bad, np.array([2.0, 1.0, 0.0, -1.0])) == 0.75


def test_other_cases_are_judged_and_the_same_file_is_named(folder: Path, tmp_path: Path) -> None:
    train(folder / "cases.csv", tmp_path / "kept", models=("scorecard",))
    cases(300, seed=5).write_csv(tmp_path / "later.csv")
    later = lt.score_card(tmp_path / "kept", data=tmp_path / "later.csv").other_cases
    assert later is not None
    scored = lt.score_predict(tmp_path / "kept", tmp_path / "later.csv", out=tmp_path / "out.csv")
    assert (later.same, later.rows, later.pd_mean) == (False, 300, pytest.approx(scored.pd_mean))
    assert later.bads == int((cases(300, seed=5)["end"] == "2").sum())
    assert later.auc is not None
    assert later.auc_low < later.auc < later.auc_high
    same = lt.score_card(tmp_path / "kept", data=folder / "cases.csv")
    assert same.other_cases is not None
    assert same.other_cases.same
    assert "figures are too good" in page(same)
    cases(60, seed=5).drop("end").write_csv(tmp_path / "open.csv")
    still = lt.score_card(tmp_path / "kept", data=tmp_path / "open.csv").other_cases
    assert still is not None
    assert (still.bads, still.auc, still.deciles) == (None, None, ())


def test_an_older_record_is_read_and_what_it_lacks_is_said(folder: Path, tmp_path: Path) -> None:
    train(folder / "cases.csv", tmp_path / "kept", models=("logistic", "scorecard"))
    older(tmp_path / "kept", "card")
    card = lt.score_card(tmp_path / "kept")
    assert card.not_recorded == (NOT_RECORDED,)
    assert card.points
    assert NOT_RECORDED in page(card)
    older(tmp_path / "kept", "figures")
    with pytest.raises(ModelError, match="expected a record of scores, was 'one without figures'"):
        lt.score_card(tmp_path / "kept")
    with pytest.raises(ModelError, match="record of scores"):
        lt.score_card(tmp_path)


def older(folder: Path, part: str) -> None:
    """Write a record anew without one of its parts."""
    record = read_record(folder)
    scores = {name: read_score(folder, name) for name in record["models"]}
    write_scores(
        folder,
        scores,
        {key: value for key, value in record.items() if key not in (part, "models", "registry_id")},
    )


def test_a_register_tells_who_said_what(folder: Path, tmp_path: Path) -> None:
    train(folder / "cases.csv", tmp_path / "kept", models=("scorecard",))
    Home.create(tmp_path / "twin", name="twin", currency="EUR").close()
    before = lt.score_card(tmp_path / "kept", home=tmp_path / "twin")
    assert (before.registered, before.approvals) == ((), ())
    made = lt.model_register(tmp_path / "twin", tmp_path / "kept", name="applications", by="ana")
    lt.model_approve(tmp_path / "twin", made.model.id, role="model-approver", by="eva", words="fit for use")
    card = lt.score_card(tmp_path / "kept", home=tmp_path / "twin")
    assert [(item.model, item.kind, item.by) for item in card.registered] == [
        ("applications/1", "scorecard", "ana")
    ]
    assert [(item.role, item.by, item.approved, item.words) for item in card.approvals] == [
        ("model-approver", "eva", True, "fit for use")
    ]
    assert "fit for use" in page(card)
