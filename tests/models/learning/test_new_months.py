"""New months alone are counted, and as a fit of the whole history counts them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from loantwin import months
from loantwin.book.as_of import known_at
from loantwin.book.segments import segment_labels
from loantwin.errors import UsageError
from loantwin.models.counts import Counts, outcome_counts, panel_counts
from loantwin.models.learning.new_months import new_outcomes, window
from tests.models.conftest import AS_OF, Outcomes
from tests.models.learning.conftest import FIRST, Seen


def table(counts: Counts, after: int) -> pl.DataFrame:
    """Return the cells of later months with their labels, sorted."""
    names = pl.Series(list(counts.segments))
    moved = [name for name in counts.cells.columns if name.startswith("moved_")]
    cells = counts.cells.filter(pl.col("month") > after)
    return cells.with_columns(label=names.gather(cells["segment"])).select(
        "label", "from_state", "age", "month", "at_risk", *sorted(moved)
    ).sort("label", "from_state", "age", "month")  # fmt: skip


@pytest.mark.parametrize("ahead", [1, 3])
def test_a_panels_new_months_are_the_rows_of_the_whole_count(
    at: Callable[[dt.date], Seen], ahead: int
) -> None:
    seen = at(months.add_months(FIRST, ahead))
    assert seen.panel is not None
    labels = segment_labels(seen.loans, seen.mapping)
    whole = panel_counts(seen.panel, seen.loans, labels, seen.date)
    rows, _ = window(seen.panel, FIRST)
    assert rows["report_date"].min() == dt.date(2023, 12, 31), "the last month counted is where moves start"
    own = seen.loans.join(rows.select("loan_id").unique(), on="loan_id", how="semi")
    new = panel_counts(rows, own, segment_labels(own, seen.mapping), seen.date, whole.states[: whole.live])
    assert new.states == whole.states
    want, got = table(whole, months.month_of(FIRST)), table(new, 0)
    assert got["moved_default"].sum() > 0
    assert_frame_equal(got, want, check_exact=True)


def test_who_defaulted_long_ago_and_reports_again_stays_out() -> None:
    def rows(name: str, *states: str) -> pl.DataFrame:
        days = [months.end_of(12 * 2020 + place) for place in range(len(states))]
        return pl.DataFrame({"loan_id": [name] * len(states), "report_date": days, "state": list(states)})

    panel = pl.concat(
        [
            rows("cured", "current", "default_0_3", "current", "current", "current"),
            rows("sound", "current", "current", "current", "current", "current"),
            rows("late", "current", "current", "current", "default_0_3", "current"),
        ]
    )
    kept, counted = window(panel, dt.date(2020, 4, 30))
    assert counted == 12 * 2020 + 3
    assert kept["loan_id"].unique().sort().to_list() == ["late", "sound"]
    assert kept["report_date"].min() == dt.date(2020, 4, 30)


def test_no_new_report_is_said(at: Callable[[dt.date], Seen]) -> None:
    seen = at(FIRST)
    assert seen.panel is not None
    with pytest.raises(UsageError, match="reports of a month after 2023-12"):
        window(seen.panel, FIRST)
    with pytest.raises(UsageError, match="reports up to 2001-01-31"):
        window(seen.panel, dt.date(2001, 1, 31))


@pytest.mark.parametrize("observed", [False, True])
def test_outcomes_new_months_are_the_rows_of_the_whole_count(outcomes: Outcomes, observed: bool) -> None:
    since = dt.date(2015, 9, 30)
    # payoffs of a fifth of the loans a year and a half after they were made, where they are observed
    paid = pl.Series(np.arange(outcomes.loans.height) % 5 == 0) & outcomes.loans["charge_off_date"].is_null()
    loans = outcomes.loans.with_columns(
        closed_date=pl.when(paid & observed).then(pl.col("origination_date").dt.offset_by("18mo"))
    )
    known = known_at(loans, AS_OF)
    labels = segment_labels(known, outcomes.mapping)
    share = None if observed else 0.99 ** np.arange(361)
    early = dt.date(2008, 1, 1)
    whole = outcome_counts(
        known, labels, AS_OF, survival=share, fit_from_vintage=early, payoff_observed=observed
    )
    new = new_outcomes(
        known, labels, since, AS_OF, survival=share, fit_from_vintage=early, payoff_observed=observed
    )
    want, got = table(whole, months.month_of(since)), table(new, 0)
    assert got["moved_charged_off"].sum() > 50
    assert (got["moved_prepaid"].sum() > 50) == observed
    assert_frame_equal(got, want, check_exact=False, rel_tol=1e-12)


def test_months_must_end_on_the_same_day(outcomes: Outcomes) -> None:
    labels = segment_labels(outcomes.loans, outcomes.mapping)
    with pytest.raises(UsageError, match="months end as on 2015-09-15"):
        new_outcomes(outcomes.loans, labels, dt.date(2015, 9, 15), AS_OF, survival=None,
                     fit_from_vintage=None, payoff_observed=False)  # fmt: skip
