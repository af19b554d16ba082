"""`fairness` and `fairness-search`: known files, what is refused and why, planted truths, bad input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.errors import InputError, ModelError, UsageError

HMDA: dict[str, Any] = {
    "outcome": "action_taken",
    "favourable": "1",
    "group": "derived_race",
    "reference": "White",
}
LOANS: dict[str, Any] = {"outcome": "decision", "favourable": "yes", "group": "group"}


def cases(rows: int = 3000, seed: int = 1, bias: float = -0.6) -> pl.DataFrame:
    """Return decided cases: group b is riskier, and declined more at equal risk by `bias` in log-odds."""
    random = np.random.default_rng(seed)
    of_b = random.random(rows) < 0.3
    log_odds = -1.8 + 0.9 * random.normal(size=rows) + 0.4 * of_b
    pd = 1 / (1 + np.exp(-log_odds))
    accept = 1.6 - 1.1 * (log_odds + 1.8) + bias * of_b
    approved = random.random(rows) < 1 / (1 + np.exp(-accept))
    day = np.datetime64("2025-01-10") + random.integers(0, 180, rows).astype("timedelta64[D]")
    return pl.DataFrame(
        {
            "day": day,
            "group": np.where(of_b, "b", "a"),
            "is_b": of_b.astype(int),
            "income": (50 - 6 * log_odds + random.normal(size=rows)).round(3),
            "club": (of_b * 2.0 + 0.7 * random.normal(size=rows)).round(3),
            "pd": pd.round(6),
            "decision": np.where(approved, "yes", "no"),
            "end": np.where(random.random(rows) < pd, "bad", "good"),
        }
    )


def first(rows: int, value: str, column: str) -> pl.Expr:
    """Return a column whose first rows have another value."""
    return pl.when(pl.int_range(pl.len()) < rows).then(pl.lit(value)).otherwise(column).alias(column)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cases") / "cases.csv"
    cases().write_csv(path)
    return path


def test_loanapp_has_its_known_ratio(data: Path) -> None:
    found = lt.fairness(
        data / "scoring/wooldridge_loanapp.csv",
        outcome="approve", favourable="1", group=["black", "hispan", "white"], reference="white",
         given=["obrat", "loanprc"],
    )  # fmt: skip
    white, black, _ = found.groups
    assert (white.group, black.group, black.cases, black.approved) == ("white", "black", 197, 133)
    assert black.approval_ratio is not None
    assert black.odds_ratio is not None
    assert black.approval_ratio.value == pytest.approx(0.743, abs=5e-4)
    assert black.approval_ratio.low == pytest.approx(0.667, abs=5e-4)
    assert black.approval_ratio.high == pytest.approx(0.812, abs=5e-4)
    adjusted = found.at_equal_columns[0].odds_ratio
    assert adjusted is not None
    assert black.odds_ratio.value < adjusted.value < 1  # type: ignore[operator]


def test_hmda_keeps_odds_ratios_and_refuses_the_rest(data: Path) -> None:
    path = data / "hmda/hmda_extract.csv.gz"
    found = lt.fairness(path, **HMDA)
    black = next(item for item in found.groups if item.group.startswith("Black"))
    assert black.odds_ratio is not None
    assert black.odds_ratio.value == pytest.approx(0.523, abs=1e-3)
    assert not found.levels_kept
    assert set(found.refused) == {"approval-ratio", "approval-difference"}
    for item in found.groups:
        left = (item.approval, item.approval_ratio, item.approval_ratio_log, item.approval_difference)
        assert left == (None, None, None, None)
    with pytest.raises(UsageError, match=r"approval-ratio needs, was: 12,828 .* chosen by"):
        lt.fairness(path, figures=["approval-ratio"], **HMDA)
    stated = lt.fairness(path, levels="natural", figures=["approval-ratio"], **HMDA)
    assert stated.groups[1].approval_ratio is not None


def test_balancing_by_outcome_moves_ratios_and_leaves_odds(tmp_path: Path) -> None:
    """The rule's reason: of approved and declined cases drawn half and half the odds ratio is as it was."""
    whole = cases(40_000)
    no = whole.filter(pl.col("decision") == "no")
    half = pl.concat([no, whole.filter(pl.col("decision") == "yes").sample(len(no), seed=1)])
    whole.write_csv(tmp_path / "whole.csv")
    half.write_csv(tmp_path / "half.csv")
    one = lt.fairness(tmp_path / "whole.csv", **LOANS).groups[1]
    other = lt.fairness(tmp_path / "half.csv", levels="natural", **LOANS).groups[1]
    assert not lt.fairness(tmp_path / "half.csv", **LOANS).levels_kept
    assert other.odds_ratio.value == pytest.approx(one.odds_ratio.value, rel=0.06)  # type: ignore[union-attr]
    assert abs(other.approval_ratio.value - one.approval_ratio.value) > 0.1  # type: ignore[union-attr,operator]


def test_every_figure_of_scored_cases(file: Path) -> None:
    found = lt.fairness(file, bad="end=bad", score="pd", given=["income"], month="day", **LOANS)
    frame = pl.read_csv(file)
    good = frame.filter(pl.col("end") == "good")
    for group in ("a", "b"):
        own = good.filter(pl.col("group") == group)
        row = next(item for item in found.good_cases if item.group == group)
        assert (row.cases, row.approved) == (len(own), int((own["decision"] == "yes").sum()))
        end = next(item for item in found.ends if item.group == group)
        every = frame.filter(pl.col("group") == group)
        assert end.bads == int((every["end"] == "bad").sum())
        assert end.predicted == pytest.approx(every["pd"].mean())
        assert end.observed is not None
        pd = every["pd"].to_numpy()
        luck = 4 * float(np.sqrt((pd * (1 - pd)).sum())) / len(every)
        assert end.observed.value == pytest.approx(end.predicted, abs=luck)
        assert end.auc is not None
        assert 0.6 < end.auc.low < end.auc.high < 0.85  # type: ignore[operator]
    assert sum(row.observed.holds(row.predicted) for row in found.calibration) >= len(found.calibration) - 3
    equal = found.at_equal_risk[0].odds_ratio
    assert equal is not None
    assert equal.holds(float(np.exp(-0.6)))
    assert not equal.holds(1.0)
    assert [row.month for row in found.months] == [f"2025-0{month}" for month in range(1, 8)]
    assert sum(row.cases for row in found.months) == len(frame.filter(pl.col("group") == "b"))
    assert found.months[-1].not_shown or found.months[-1].cases >= 30
    assert any("intervals against the reference" in note for note in found.notes)


def test_what_only_approved_cases_can_tell(tmp_path: Path) -> None:
    """Where ends are known of approved cases alone, equal opportunity has no meaning, and that is said."""
    known = pl.when(pl.col("decision") == "yes").then(pl.col("end"))
    frame = cases().with_columns(known.alias("end"))
    frame.write_csv(tmp_path / "c.csv")
    found = lt.fairness(tmp_path / "c.csv", bad="end=bad", **LOANS)
    assert found.good_cases == ()
    assert found.ends
    assert any("Equal opportunity is not shown" in note for note in found.notes)


def test_a_small_group_is_not_shown_and_says_why(tmp_path: Path) -> None:
    frame = cases(400)
    few = frame.with_columns(first(12, "c", "group"))
    few.write_csv(tmp_path / "c.csv")
    row = next(item for item in lt.fairness(tmp_path / "c.csv", **LOANS).groups if item.group == "c")
    assert (row.approval, row.odds_ratio, row.not_shown) == (None, None, "12 cases, fewer than 30")
    row = next(item for item in lt.fairness(tmp_path / "c.csv", least=5, **LOANS).groups if item.group == "c")
    assert row.odds_ratio is not None


def test_a_score_of_a_folder_is_applied(file: Path, tmp_path: Path) -> None:
    lt.score_train(
        file, target="end", good="good", out=tmp_path / "scores", folds="1x2", models=("logistic",),
        groups=("group", "is_b"), exclude=("decision", "pd", "day"),
    )  # fmt: skip
    found = lt.fairness(file, bad="end=bad", scores=f"{tmp_path / 'scores'}#logistic", **LOANS)
    assert all(item.auc is not None for item in found.ends)
    assert any("says too much" in note for note in found.notes)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"group": "grup"}, "did you mean group"),
        ({"outcome": "missing"}, "expected one of"),
        ({"reference": "c"}, "expected one of a, b"),
        ({"favourable": "maybe"}, "a value of decision"),
        ({"outcome": "one"}, "two values"),
        ({"group": "one", "reference": None}, "at least two groups"),
        ({"outcome": "three"}, "or the unfavourable one named"),
        ({"outcome": "three", "unfavourable": "yes"}, "two values that differ"),
        ({"group": ["is_b", "income"]}, "marks 0 and 1"),
        ({"group": ["is_b", "is_too"]}, "at most one mark"),
        ({"group": "income"}, "at most 20 groups"),
        ({"score": "income"}, "probabilities of a bad end"),
        ({"score": "pd", "scores": "x"}, "or a folder"),
        ({"bad": "end"}, "COLUMN=VALUE"),
        ({"bad": "end=lost"}, "a value of end"),
        ({"month": "income"}, "dates or months"),
        ({"levels": "real"}, "natural, sampled"),
        ({"figures": ["ratio"]}, "odds-ratio"),
        ({"bands": 1}, "bands"),
        ({"least": 0}, "at least 1"),
        ({"given": ["nothing"]}, "expected one of"),
    ],
)
def test_bad_input_is_refused_by_name(tmp_path: Path, options: dict[str, Any], words: str) -> None:
    frame = cases(300).with_columns(
        pl.lit("yes").alias("one"),
        pl.col("is_b").alias("is_too"),
        first(100, "maybe so", "decision").alias("three"),
    )
    frame.write_csv(tmp_path / "c.csv")
    with pytest.raises(InputError, match=words):
        lt.fairness(tmp_path / "c.csv", **{**LOANS, **options})


def test_a_third_value_is_left_out_where_two_are_named(tmp_path: Path) -> None:
    frame = cases(400)
    frame = frame.with_columns(first(60, "withdrawn", "decision"))
    frame.write_csv(tmp_path / "c.csv")
    found = lt.fairness(tmp_path / "c.csv", unfavourable="no", **LOANS)
    assert found.cases == 340
    assert found.left_out == {"not decided": 60}


SEARCH: dict[str, Any] = {"target": "end", "good": "good", "group": "group", "reference": "a",
                          "exclude": ("decision", "pd", "day", "is_b"), "models": ("logistic",)}  # fmt: skip


def stand_in(rows: int, told: float, seed: int = 3) -> pl.DataFrame:
    """Return cases whose risk lies in `income`; `club` stands for group b and says `told` of their ends."""
    random = np.random.default_rng(seed)
    of_b = random.random(rows) < 0.35
    club = of_b * 2.0 + 0.6 * random.normal(size=rows)
    income = random.normal(size=rows)
    bad = random.random(rows) < 1 / (1 + np.exp(1.2 + 1.0 * income - told * club))
    return pl.DataFrame(
        {
            "group": np.where(of_b, "b", "a"),
            "income": income,
            "club": club,
            "end": np.where(bad, "bad", "good"),
        }
    )


def test_a_stand_in_that_tells_little_is_found_as_a_cheap_alternative(tmp_path: Path) -> None:
    stand_in(3000, 0.35).write_csv(tmp_path / "c.csv")
    found = lt.fairness_search(tmp_path / "c.csv", **{**SEARCH, "exclude": ()})
    named = {item.name: item for item in found.alternatives}
    assert found.compared == "b"
    assert "without club" in found.found
    one, present = named["without club"], named["present"]
    assert one.gain is not None
    assert one.gain.low > 0.05  # type: ignore[operator]
    assert one.auc_change is not None
    assert -0.08 < one.auc_change.value < 0  # type: ignore[operator]
    assert one.approval_ratio.value > present.approval_ratio.value  # type: ignore[operator]
    assert "group" not in found.features
    assert found.left_out["group"].startswith("a group")


def test_where_nothing_is_planted_nothing_is_shown(tmp_path: Path) -> None:
    random = np.random.default_rng(8)
    for seed in range(6):
        frame = stand_in(700, 0.0, seed).with_columns(pl.Series("club", random.normal(size=700)))
        frame.write_csv(tmp_path / "c.csv")
        assert lt.fairness_search(tmp_path / "c.csv", seed=seed, **{**SEARCH, "exclude": ()}).found == ()


def test_held_together_only_where_training_on_groups_is_asked_for(tmp_path: Path) -> None:
    stand_in(2000, 0.6).write_csv(tmp_path / "c.csv")
    given = {**SEARCH, "exclude": ()}
    plain = lt.fairness_search(tmp_path / "c.csv", **given)
    assert not any(item.trained_on_groups for item in plain.alternatives)
    asked = lt.fairness_search(tmp_path / "c.csv", train_on_groups=True, **given)
    held = [item for item in asked.alternatives if item.trained_on_groups]
    assert held
    ratios = [float(item.approval_ratio.value or 0) for item in held]
    assert ratios[-1] > ratios[0] + 0.1
    assert held[-1].approval_ratio.holds(1.0)
    assert any("trained with the groups' labels" in note for note in asked.notes)
    assert plain.alternatives == lt.fairness_search(tmp_path / "c.csv", **given).alternatives


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"group": "nobody"}, "expected one of"),
        ({"compare": "c"}, "expected one of b"),
        ({"approve": 1.5}, "between 0 and 1"),
        ({"folds": 1}, "2 to 100 folds"),
        ({"models": ("tree",)}, "expected one of"),
        ({"models": ()}, "at least one of"),
    ],
)
def test_a_search_refuses_bad_input(tmp_path: Path, options: dict[str, Any], words: str) -> None:
    stand_in(300, 0.3).write_csv(tmp_path / "c.csv")
    with pytest.raises(InputError, match=words):
        lt.fairness_search(tmp_path / "c.csv", **{**SEARCH, "exclude": (), **options})


def test_scores_leave_groups_out_unless_asked(file: Path, tmp_path: Path) -> None:
    given: dict[str, Any] = {"target": "end", "good": "good", "folds": "1x2", "models": ("logistic",),
                             "exclude": ("decision", "pd", "day")}  # fmt: skip
    left = lt.score_train(file, out=tmp_path / "a", groups=("group",), **given)
    assert "group" not in [item.name for item in left.features]
    assert left.left_out["group"] == "a group: to measure by, not to train on"
    assert any(note.startswith("is_b nearly says who is of group") for note in left.notes)
    kept = lt.score_train(file, out=tmp_path / "b", groups=("group",), train_on_groups=True, **given)
    assert "group" in [item.name for item in kept.features]
    assert "trained on groups, as asked: group" in kept.notes
    with pytest.raises(UsageError, match="groups to train on"):
        lt.score_train(file, out=tmp_path / "c", train_on_groups=True, **given)
    with pytest.raises(ModelError, match="a feature that is no group"):
        lt.score_train(file, out=tmp_path / "d", groups=("group", "is_b", "income", "club"), **given)
