"""What would have changed a score: a card worked by hand, and every combination of small grids."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import polars as pl
import pytest

from loantwin.errors import ModelError
from loantwin.models.scoring.binning import Bins
from loantwin.models.scoring.changes import choices_of, find_changes, log_odds_with
from loantwin.models.scoring.features import Feature
from loantwin.models.scoring.kinds import KINDS
from loantwin.models.scoring.reasons_file import ChangeRule
from loantwin.models.scoring.scorecard import Scorecard
from loantwin.models.scoring.store import Score, predict

from .test_scores import trained


def by_hand() -> Score:
    """Return a card: debt to 10, 20, above adds -1, 0, 1; years to 2, above 0.5, -0.5; home 0.4, -0.4."""
    features = (
        Feature("debt", "number", low=0, high=40),
        Feature("years", "number", low=0, high=10),
        Feature("home", "category", levels=("rent", "own")),
    )
    bins = (
        Bins((10.0, 20.0), (), (-1.0, 0.0, 1.0), 0.2, (10, 10, 10, 0), (1, 2, 3, 0), 0.1),
        Bins((2.0,), (), (0.5, -0.5), 0.0, (15, 15, 0), (4, 2, 0), 0.1),
        Bins((), ((0,), (1,)), (0.4, -0.4), 0.0, (15, 15, 0), (4, 2, 0), 0.1),
    )
    return Score("scorecard", Scorecard(features, bins, 0.0, (1.0, 1.0, 1.0), 1.0))


RULES = (
    ChangeRule("debt", "down", step=1.0),
    ChangeRule("years", "up", high=4.0, step=1.0),
    ChangeRule("home", levels=("own",), effort=0.5),
)
ROW = np.array([25.0, 0.0, 0.0])
"""Log-odds 1 + 0.5 + 0.4 = 1.9."""


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        # one change of the debt: 25 to 19 is worth 1, to 9 worth 2; shares of the range 40
        (0.9, [((0,), (19.0,), 6 / 40), ((1,), (2.0,), 2 / 10)]),
        (0.0, [((0,), (9.0,), 16 / 40)]),
        # two: debt and years 2 + 1, debt and home 2 + 0.8
        (-0.9, [((0, 1), (9.0, 2.0), 16 / 40 + 2 / 10), ((0, 2), (9.0, 1.0), 16 / 40 + 0.5)]),
        (-1.0, [((0, 1), (9.0, 2.0), 16 / 40 + 2 / 10)]),
        # three: all that the card has, to the last bit
        (-1.9, [((0, 1, 2), (9.0, 2.0, 1.0), 16 / 40 + 2 / 10 + 0.5)]),
        (-1.91, []),
    ],
)
def test_a_card_by_hand(
    target: float, wanted: list[tuple[tuple[int, ...], tuple[float, ...], float]]
) -> None:
    score = by_hand()
    choices = choices_of(score.model.features, ROW, RULES)
    assert [len(item.values) for item in choices] == [25, 4, 1]
    found = find_changes(score, ROW, choices, target)
    assert found.complete
    told = [(item.at, item.values, item.effort) for item in found.found]
    # years from 0 to 2 is worth 1 alone: 1.9 less 1 is 0.9
    assert [item[:2] for item in told] == [item[:2] for item in wanted]
    assert [item[2] for item in told] == pytest.approx([item[2] for item in wanted])


def test_bounds_directions_and_what_is_missing() -> None:
    score = by_hand()
    rules = (ChangeRule("debt", low=24.0, high=99.0, step=4.0), ChangeRule("years", "down"))
    choices = choices_of(score.model.features, ROW, rules)
    assert [sorted(item.values) for item in choices] == [[29.0, 33.0, 37.0]]  # training ends at 40
    missing = choices_of(score.model.features, np.array([np.nan, 5.0, 0.0]), rules)
    assert [item.at for item in missing] == [1]
    assert missing[0].values[:2].tolist() == [4.0, 3.0]  # whole numbers move by one
    assert not find_changes(score, ROW, (), 0.0).found


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (ChangeRule("wage"), "expected a column that the model reads, was 'wage'"),
        (ChangeRule("home", levels=("boat",)), r"levels of home \(rent, own\)"),
        (ChangeRule("debt", step=0.001), "field debt: expected at most 2,000 values"),
        (ChangeRule("years"), "field years: expected what a person can change, was 'a group'"),
    ],
)
def test_what_cannot_change_is_refused(rule: ChangeRule, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        choices_of(by_hand().model.features, ROW, (rule,), groups=("years",))


@pytest.mark.parametrize("kind", KINDS)
def test_every_combination_of_a_small_grid_finds_nothing_smaller(frame: pl.DataFrame, kind: str) -> None:
    score, table = trained(frame, kind)
    found = predict(score, table)
    features, values = score.model.features, found.encoded.values
    rules = (
        ChangeRule("age", step=9.0, effort=1.3),
        ChangeRule("income", "up", step=7.0, high=60.0),
        ChangeRule("home"),
    )
    known = np.flatnonzero(~np.isnan(values[:, 1]))
    rows = known[np.argsort(-found.log_odds[known])[[0, 40, 120]]]
    sizes = set()
    for row in values[rows]:
        now = float(KINDS[kind].log_odds(score.model, row[None, :])[0])
        choices = choices_of(features, row, rules)
        for target in (now - 0.3, now - 1.4, now - 2.6, now - 6.0):
            wanted = _every(score, row, choices, target)
            search = find_changes(score, row, choices, target)
            assert search.complete
            sizes.add(len(search.found[0].at) if search.found else 0)
            told = {item.at: item.effort for item in search.found}
            assert set(told) == set(wanted)
            for at, effort in wanted.items():
                assert told[at] == pytest.approx(effort)
            for item in search.found:
                again = log_odds_with(score, row, item.at, np.array([item.values]))[0]
                assert again == pytest.approx(item.log_odds)
                assert again <= target + 1e-9
    assert len(sizes) >= 2


def _every(score: Score, row: np.ndarray, choices: tuple, target: float) -> dict[tuple[int, ...], float]:
    """Return by features the least effort of a combination that reaches the target, fewest features."""
    for size in (1, 2, 3):
        best = {}
        for some in combinations(choices, size):
            efforts = np.array([sum(parts) for parts in product(*(item.efforts for item in some))])
            grid = np.array(list(product(*(item.values for item in some))))
            reach = log_odds_with(score, row, [item.at for item in some], grid) <= target
            if reach.any():
                best[tuple(item.at for item in some)] = float(efforts[reach].min())
        if best:
            return best
    return {}
