"""Figures of fairness against published tables, independent libraries and planted truths."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import binom, contingency, norm

from loantwin.decisions.fairness.adjusted import adjusted_odds_ratios
from loantwin.decisions.fairness.figures import Bounded
from loantwin.decisions.fairness.levels import levels_of
from loantwin.decisions.fairness.measure import by_group
from loantwin.decisions.fairness.strata import bands_of, pooled_odds_ratio, pooled_ratio, tables_of
from loantwin.decisions.fairness.two_by_two import (
    Four,
    approval_difference,
    approval_ratio,
    approval_ratio_log,
    odds_ratio,
    share,
)
from loantwin.errors import ModelError, UsageError

SMALL = [Four(3, 4, 1, 4), Four(0, 10, 5, 20), Four(10, 10, 5, 20), Four(5, 56, 0, 29), Four(7, 34, 1, 34)]
LARGE = [Four(133, 197, 1527, 1681), Four(683, 1844, 7158, 13528)]


def near(found: Bounded | None, *wanted: float | None, rel: float = 1e-6) -> None:
    assert found is not None
    for one, other in zip((found.value, found.low, found.high), wanted, strict=True):
        assert one == (None if other is None else pytest.approx(other, rel=rel, abs=1e-9))


def test_a_table_worked_by_hand() -> None:
    """60 of 100 against 80 of 100: ratio 0.75, difference -0.2, odds (60 x 20) / (40 x 80) = 0.375.

    The variance of the log ratio is 1/60 - 1/100 + 1/80 - 1/100 = 0.0091667.
    """
    table, z = Four(60, 100, 80, 100), 1.959963984540054
    near(
        approval_ratio_log(table),
        0.75,
        0.75 * math.exp(-z * 0.0091666667**0.5),
        0.75 * math.exp(z * 0.0091666667**0.5),
    )
    assert approval_ratio(table).value == 0.75
    assert approval_difference(table).value == pytest.approx(-0.2)
    assert odds_ratio(table).value == 0.375


@pytest.mark.parametrize(
    ("cells", "low", "high"),
    [((100, 70, 5, 12), 1.058526, 12.904604), ((16, 8, 15, 24), 0.9810441, 10.7771597), ((9, 0, 4, 2),
     0.2985103, None)],
)  # fmt: skip
def test_exact_odds_ratios_are_the_published_ones(
    cells: tuple[int, int, int, int], low: float, high: float | None
) -> None:
    """Printed by R's `fisher.test`: imathworks.com (how it calculates the interval), the R-help archive of
    2 April 2007 and R-devel of August 2003, read on 2026-11-30. R stops its search at about four digits of 1
    / ratio.
    """
    a, b, c, d = cells
    found = odds_ratio(Four(a, a + b, c, c + d))
    assert found.low == pytest.approx(low, rel=5e-4)
    assert found.high == (None if high is None else pytest.approx(high, rel=5e-4))


@pytest.mark.parametrize("table", [*SMALL, Four(2, 17, 10, 13)])
def test_exact_odds_ratios_are_those_of_scipy(table: Four) -> None:
    a, b = table.approved, table.cases - table.approved
    c, d = table.others, table.other_cases - table.others
    wanted = contingency.odds_ratio([[a, b], [c, d]]).confidence_interval(0.95)
    found = odds_ratio(table)
    assert found.low == pytest.approx(wanted.low, rel=1e-6)
    assert found.high == (None if math.isinf(wanted.high) else pytest.approx(wanted.high, rel=1e-6))


def test_a_large_odds_ratio_is_the_published_one() -> None:
    """Aspirin: 1.83 (1.44 to 2.33), Agresti, Categorical Data Analysis; from general knowledge."""
    near(odds_ratio(Four(189, 11034, 104, 11037)), 1.832, 1.440, 2.331, rel=5e-4)


def test_differences_are_the_published_ones() -> None:
    """Newcombe (1998), Table II, the method of Miettinen and Nurminen; from general knowledge."""
    near(approval_difference(Four(56, 70, 48, 80)), 0.2, 0.0528, 0.3382, rel=2e-3)
    near(approval_difference(Four(5, 56, 0, 29)), 5 / 56, -0.0326, 0.1933, rel=2e-3)


@pytest.mark.parametrize("table", [*SMALL, *LARGE])
def test_score_ends_reject_at_the_level(table: Four) -> None:
    """Both ends of a score interval have a statistic of 1.96, the constrained likelihood climbed by force."""
    found = approval_difference(table)
    for end in (found.low, found.high):
        assert end is not None
        if abs(end) < 1 - 1e-6:
            assert abs(_by_force(table, end)) == pytest.approx(float(norm.ppf(0.975)), rel=1e-3)


def _by_force(table: Four, gap: float) -> float:
    def loss(p0: float) -> float:
        return -float(
            binom.logpmf(table.approved, table.cases, p0 + gap)
            + binom.logpmf(table.others, table.other_cases, p0)
        )

    low, high = max(0.0, -gap) + 1e-13, min(1.0, 1 - gap) - 1e-13
    p0 = float(minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-13}).x)
    p1, whole = p0 + gap, table.cases + table.other_cases
    spread = (p1 * (1 - p1) / table.cases + p0 * (1 - p0) / table.other_cases) * whole / (whole - 1)
    return float((table.approved / table.cases - table.others / table.other_cases - gap) / spread**0.5)


@pytest.mark.parametrize("table", [Four(3, 4, 1, 4), Four(7, 34, 1, 34), Four(36, 40, 16, 80), *LARGE])
def test_score_ratios_and_shares_are_those_of_statsmodels(
    oracle: Callable[[str], ModuleType], table: Four
) -> None:
    proportion: Any = oracle("statsmodels.stats.proportion")
    low, high = proportion.confint_proportions_2indep(
        table.approved, table.cases, table.others, table.other_cases, method="score", compare="ratio"
    )
    found = approval_ratio(table)
    near(found, found.value, float(low), float(high), rel=1e-5)
    wilson = proportion.proportion_confint(table.approved, table.cases, method="wilson")
    near(share(table.approved, table.cases), table.approved / table.cases, *wilson)


def test_strata_are_those_of_statsmodels(oracle: Callable[[str], ModuleType]) -> None:
    contingency_tables: Any = oracle("statsmodels.stats.contingency_tables")
    random = np.random.default_rng(2)
    tables = [
        Four(*(int(n) for n in (a, a + 1 + b, c, c + 1 + d))) for a, b, c, d in random.integers(2, 60, (6, 4))
    ]
    cells = [
        np.array([[t.approved, t.cases - t.approved], [t.others, t.other_cases - t.others]]) for t in tables
    ]
    wanted = contingency_tables.StratifiedTable(cells)
    near(pooled_odds_ratio(tables), wanted.oddsratio_pooled, *wanted.oddsratio_pooled_confint())
    assert pooled_ratio(tables).value == pytest.approx(wanted.riskratio_pooled)


def test_one_stratum_is_the_plain_table() -> None:
    """With one stratum Mantel-Haenszel's ratio and Greenland and Robins's interval are Katz's."""
    table = Four(60, 100, 80, 120)
    wanted = approval_ratio_log(table)
    assert wanted is not None
    near(pooled_ratio([table]), wanted.value, wanted.low, wanted.high)
    value = 60 * 40 / (40 * 80)
    assert pooled_odds_ratio([table]).value == pytest.approx(value)


def test_adjusted_odds_are_those_of_statsmodels(oracle: Callable[[str], ModuleType]) -> None:
    api: Any = oracle("statsmodels.api")
    random = np.random.default_rng(3)
    given = random.normal(size=(900, 2))
    groups = random.choice(["a", "b", "c"], 900)
    odds = 0.4 + given @ [0.8, -0.3] - 0.7 * (groups == "b")
    approved = random.random(900) < 1 / (1 + np.exp(-odds))
    found = adjusted_odds_ratios(approved, groups, ["b", "c"], given)
    columns = np.column_stack([np.ones(900), groups == "b", groups == "c", given]).astype(float)
    made = api.Logit(approved.astype(float), columns).fit(disp=0)
    for place, name in ((1, "b"), (2, "c")):
        one = found[name]
        assert isinstance(one, Bounded)
        near(one, float(np.exp(made.params[place])), *np.exp(made.conf_int()[place]), rel=1e-5)


def test_a_given_column_that_says_the_group_leaves_no_odds_ratio() -> None:
    groups = np.array(["a", "b"] * 100)
    approved = np.random.default_rng(1).random(200) < 0.6
    found = adjusted_odds_ratios(approved, groups, ["b"], (groups == "b").astype(float)[:, None])
    assert found == {"b": "the given columns say who is of the group"}


def test_cells_of_zero_have_an_end_and_none_beyond() -> None:
    assert approval_ratio(Four(0, 10, 5, 20)).low == 0
    assert approval_ratio(Four(4, 10, 0, 20)).high is None
    assert approval_ratio_log(Four(0, 10, 5, 20)) is None
    assert odds_ratio(Four(10, 10, 20, 20)) == Bounded(None, None, None)
    assert pooled_odds_ratio([Four(10, 10, 20, 20)]) == Bounded(None, None, None)
    with pytest.raises(ModelError, match="expected approved of cases"):
        Four(3, 2, 1, 1)
    with pytest.raises(ModelError, match="with a case on each side"):
        Four(0, 0, 1, 1)


def test_bands_keep_equal_risks_together() -> None:
    risk = np.array([0.1, 0.1, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    band = bands_of(risk, 5)
    assert len(set(band[:3].tolist())) == 1
    assert (np.diff(band) >= 0).all()
    tables = tables_of(risk > 0.2, np.array([True, False] * 5), band)
    assert sum(table.cases for table in tables) <= 5


def test_what_levels_are_worth() -> None:
    assert levels_of(1745, 1989, None).kept
    assert not levels_of(12_828, 26_144, None).kept
    assert levels_of(12_828, 26_144, "natural").kept
    assert not levels_of(1745, 1989, "sampled").kept
    assert not levels_of(700, 1000, None).kept
    assert levels_of(701, 1000, None).kept
    with pytest.raises(UsageError, match="one of natural, sampled"):
        levels_of(1, 2, "real")


FALSE_ALARMS = 400


def test_no_bias_gives_no_more_alarms_than_the_level() -> None:
    """Of 400 files of one law of approval 5 % have an interval that misses equality, to luck of 1 in 500."""
    random = np.random.default_rng(11)
    most = int(binom.ppf(0.998, FALSE_ALARMS, 0.05))
    missed = {"ratio": 0, "odds": 0, "pooled": 0}
    for _ in range(FALSE_ALARMS):
        band = random.integers(0, 3, 600)
        of_group = random.random(600) < 0.1 + 0.15 * band
        approved = random.random(600) < np.array([0.9, 0.8, 0.6])[band]
        plain = random.random(600) < 0.8
        table = Four(
            *(
                int(n)
                for n in (plain[of_group].sum(), of_group.sum(), plain[~of_group].sum(), (~of_group).sum())
            )
        )
        missed["ratio"] += not approval_ratio(table).holds(1.0)
        missed["odds"] += not odds_ratio(table).holds(1.0)
        missed["pooled"] += not pooled_odds_ratio(tables_of(approved, of_group, band)).holds(1.0)
    assert max(missed.values()) <= most, missed
    assert missed["ratio"] >= int(binom.ppf(0.002, FALSE_ALARMS, 0.05)), missed
    assert missed["pooled"] >= int(binom.ppf(0.002, FALSE_ALARMS, 0.05)), missed


def test_a_planted_bias_is_found_and_risk_that_explains_it_is_not_called_bias() -> None:
    random = np.random.default_rng(5)
    found = {"planted": 0, "explained": 0, "raw": 0}
    for _ in range(60):
        band = random.integers(0, 3, 1500)
        of_group = random.random(1500) < 0.1 + 0.2 * band
        law = np.array([0.9, 0.8, 0.6])[band]
        fair = random.random(1500) < law
        odds = law / (1 - law) * np.where(of_group, 0.5, 1.0)
        biased = random.random(1500) < odds / (1 + odds)
        kept = pooled_odds_ratio(tables_of(biased, of_group, band))
        found["planted"] += kept.holds(0.5) and not kept.holds(1.0)
        found["explained"] += pooled_odds_ratio(tables_of(fair, of_group, band)).holds(1.0)
        groups = np.where(of_group, "b", "a")
        shown = by_group(fair, groups, ("a", "b"), "a", kept=True, least=30)[1].odds_ratio
        assert shown is not None
        found["raw"] += not shown.holds(1.0)
    assert found["planted"] >= 52
    assert found["explained"] >= 52
    assert found["raw"] >= 45
