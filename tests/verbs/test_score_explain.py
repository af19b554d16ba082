"""`score explain`: one case in points and reasons, what would have changed it, and the page's example."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

import loantwin as lt
from loantwin.errors import InputError, ModelError, UsageError
from loantwin.verbs.score_explain import (
    NONE,
    NOT_ASKED,
    NOT_DECLINED,
    NOTHING_NAMED,
    ScoreExplainResult,
)

from .test_score_train import cases, train

PAGE = Path(__file__).parents[2] / "docs" / "score-explain.md"
CHANGES = '[[change]]\nfeature = "income"\ndirection = "up"\nstep = 0.5\n[[change]]\nfeature = "job"\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("scores")
    cases().write_csv(place / "cases.csv")
    (place / "reasons.toml").write_text(CHANGES, encoding="utf-8")
    train(place / "cases.csv", place / "kept", models=("additive", "scorecard"), groups=())
    return place


def explain(folder: Path, **options: object) -> ScoreExplainResult:
    return lt.score_explain(folder / "kept", folder / "cases.csv", **options)


@pytest.mark.parametrize("model", ["scorecard", "additive"])
def test_parts_sum_and_the_change_is_what_another_file_scores(
    folder: Path, tmp_path: Path, model: str
) -> None:
    frame = cases()
    row = int(frame.sort("income")["id"][5])
    found = explain(folder, row=row, model=model, cut=0.3, reasons=folder / "reasons.toml")
    assert found.base_log_odds + sum(item.log_odds for item in found.contributions) == pytest.approx(
        found.log_odds
    )
    if model == "scorecard":
        assert found.base_points + sum(item.points for item in found.contributions) == pytest.approx(
            found.points
        )
    assert found.declined
    assert found.changed
    assert found.complete
    assert [item.log_odds for item in found.reasons] == sorted(
        (i.log_odds for i in found.reasons), reverse=True
    )
    assert all(item.log_odds > 0 for item in found.reasons)
    first = found.changed[0]
    assert first.pd <= 0.3 + 1e-9
    changed = frame.filter(pl.col("id") == row)
    for item in first.changes:
        kind = frame[item.column].dtype
        changed = changed.with_columns(pl.lit(item.becomes).cast(kind).alias(item.column))
    changed.write_csv(tmp_path / "changed.csv")
    again = lt.score_predict(folder / "kept", tmp_path / "changed.csv", out=tmp_path / "out.csv", model=model)
    assert again.pd_mean == pytest.approx(first.pd, abs=1e-9)


def test_a_case_is_found_by_what_it_alone_has_and_what_is_not_said_is_said(folder: Path) -> None:
    one, other = explain(folder, row=7), explain(folder, id="id=7")
    assert (one.row, one.pd, other.id) == (other.row, other.pd, "id=7")
    assert one.changed_said == NOT_ASKED
    assert explain(folder, row=7, cut=0.999).changed_said == NOT_DECLINED
    assert explain(folder, row=7, cut=0.0001).changed_said == NOTHING_NAMED
    hopeless = explain(folder, row=7, cut=1e-9, reasons=folder / "reasons.toml")
    assert (hopeless.changed, hopeless.changed_said, hopeless.complete) == ((), NONE, True)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({}, UsageError, "field row: expected row or id, one of them, was 'neither'"),
        ({"row": 1, "id": "id=1"}, UsageError, "was 'both'"),
        ({"row": 401}, UsageError, "expected a row from 1 to 400"),
        ({"id": "job=free"}, UsageError, "expected one case with job free"),
        ({"id": "id"}, UsageError, "expected COLUMN=VALUE"),
        ({"row": 1, "cut": 1.0}, UsageError, "field cut: expected a probability between 0 and 1"),
        ({"row": 1, "model": "boosting"}, ModelError, "field model"),
    ],
)
def test_what_cannot_be_is_refused(
    folder: Path, options: dict[str, object], error: type[InputError], words: str
) -> None:
    with pytest.raises(error, match=words):
        explain(folder, **options)


def test_groups_never_change(folder: Path, tmp_path: Path) -> None:
    train(
        folder / "cases.csv", tmp_path / "kept", models=("scorecard",), groups=("job",), train_on_groups=True
    )  # fmt: skip
    with pytest.raises(ModelError, match="field job: expected what a person can change, was 'a group'"):
        lt.score_explain(
            tmp_path / "kept", folder / "cases.csv", row=1, cut=1e-6, reasons=folder / "reasons.toml"
        )


def test_the_page_tells_what_its_example_gives(data: Path, tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    file = tmp_path / "reasons.toml"
    file.write_text(re.findall(r"^```toml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)[0], encoding="utf-8")
    table = data / "scoring/credit_data_modeldata.csv"
    lt.score_train(
        table, target="Status", good="good", out=tmp_path / "kept", folds="1x2", models=("scorecard",)
    )
    found = lt.score_explain(tmp_path / "kept", table, row=9, cut=0.3, reasons=file)
    told = [
        f"probability of bad | {100 * found.pd:.2f} %",
        f"points | {found.points:.0f}",
        *(f"reason {item.code}, {item.en} | {item.log_odds:+.3f}" for item in found.reasons),
        *(
            f"way {number}: {way.changes[0].column} {way.changes[0].was} to {way.changes[0].becomes} "
            f"| {100 * way.pd:.2f} %"
            for number, way in enumerate(found.changed, 1)
        ),
    ]
    rows = re.findall(r"^\| ([^|]+ \| [^|]+) \|$", page.partition("## A worked example")[2], re.MULTILINE)
    assert rows == told
    card = lt.score_card(tmp_path / "kept")
    own = card.models["scorecard"]
    text = " ".join((PAGE.parent / "score-card.md").read_text(encoding="utf-8").split())
    for words in (
        f"{card.rows:,} cases, {card.bads:,} bad",
        f"{own.auc:.3f} ({own.auc_low:.3f} to {own.auc_high:.3f}), Brier {own.brier:.4f}",
        f"calibration slope {own.calibration_slope:.2f}",
        f"`{card.features[0].name}` tells most, information value {card.features[0].information:.3f}",
    ):
        assert words in text, words
