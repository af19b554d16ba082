"""New vintages: the columns and the prior are those that a fit of the longer history gives them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from loantwin.engine.rows import VINTAGE
from loantwin.models.counts import EventCounts
from loantwin.models.fitted import FittedModel, check_model
from loantwin.models.learning.grown import codes_of, edge_errors, errors_of, grown
from loantwin.models.model import fit_model
from tests.models.learning.conftest import Seen

SPREAD, MEMORY = 0.8, 0.95
STEP = SPREAD**2 * (1.0 - MEMORY**2)


def base_of(model: FittedModel, place: int = 0) -> str:
    return model.parameters.segments[place]


def test_a_new_vintage_continues_the_last_one(first: FittedModel) -> None:
    base = base_of(first)
    made, years = grown(first, [(base, 2024)], SPREAD, MEMORY)
    check_model(made)
    assert years == (2024,)
    place = made.parameters.segments.index(f"{base}{VINTAGE}2024")
    own = made.parameters.segments.index(base)
    was = first.parameters.segments.index(base)
    # a loan of the next vintage read the segment's label: with a label of its own its effect is the same
    np.testing.assert_allclose(made.parameters.segment[:, place], first.parameters.segment[:, was], atol=1e-9)
    np.testing.assert_array_equal(made.lgd.charged_off[place], first.lgd.charged_off[was])
    for edge in range(len(first.edges)):
        before, after = edge_errors(first, edge), edge_errors(made, edge)
        curve = len(before.today) - errors_of(first).segment.shape[1]
        new = curve + errors_of(first).segment.shape[1] - 2
        last = new - 1
        whole = after.covariance
        assert whole[new, new] == pytest.approx(MEMORY**2 * before.covariance[last, last] + STEP)
        np.testing.assert_allclose(whole[new, :new], MEMORY * before.covariance[last, :new])
        kept = np.delete(np.delete(whole, new, 0), new, 1)
        np.testing.assert_array_equal(kept, before.covariance)
        # so is its error, the step that no vintage had taken included
        old, fresh = errors_of(first).segment[was], errors_of(made).segment[place]
        error = old @ before.covariance[curve : curve + len(old), curve : curve + len(old)] @ old
        now = fresh @ whole[curve : curve + len(fresh), curve : curve + len(fresh)] @ fresh
        assert now == pytest.approx(error, rel=1e-6)
    # the segment itself now stands a step further on
    gap = made.parameters.segment[:, own] - first.parameters.segment[:, was]
    assert np.abs(gap).max() > 0


def test_columns_are_those_of_a_longer_fit(first: FittedModel, at: Callable[[dt.date], Seen]) -> None:
    longer = fit_model(*at(dt.date(2024, 3, 31)).facts)
    wanted = [label for label in longer.parameters.segments if label.endswith(f"{VINTAGE}2024")]
    assert len(wanted) > 10
    pairs = [(label.partition(VINTAGE)[0], 2024) for label in wanted]
    made, _ = grown(first, pairs, SPREAD, MEMORY)
    mine, theirs = made.parameters.segments, longer.parameters.segments
    years = 5  # 2020 to 2024
    for label in [label for label in theirs if label in mine]:
        ours = errors_of(made).segment[mine.index(label)][-years - 2 :]
        other = errors_of(longer).segment[theirs.index(label)][-years - 2 :]
        np.testing.assert_allclose(ours, other, atol=1e-12, err_msg=label)
    assert errors_of(made).segment.shape[1] == errors_of(longer).segment.shape[1]


def test_a_year_without_loans_is_stepped_over(first: FittedModel) -> None:
    made, years = grown(first, [(base_of(first), 2026)], SPREAD, MEMORY)
    assert years == (2024, 2025, 2026)
    before, after = edge_errors(first, 0), edge_errors(made, 0)
    last = len(before.today) - 3
    want = before.covariance[last, last]
    for _ in range(3):
        want = MEMORY**2 * want + STEP
    assert after.covariance[last + 3, last + 3] == pytest.approx(want)


def test_a_vintage_that_a_segment_had_not_had_is_read_by_it(first: FittedModel) -> None:
    names = first.parameters.segments
    label = next(name for name in names if name.endswith(f"{VINTAGE}2022"))
    base = label.partition(VINTAGE)[0]
    place = names.index(label)
    errors = errors_of(first)
    without = replace(
        first,
        parameters=replace(
            first.parameters,
            segments=(*names[:place], *names[place + 1 :]),
            segment=np.delete(first.parameters.segment, place, 1),
        ),
        errors=replace(errors, segment=np.delete(errors.segment, place, 0)),
        lgd=replace(
            first.lgd,
            charged_off=np.delete(first.lgd.charged_off, place, 0),
            recovered=np.delete(first.lgd.recovered, place, 0),
        ),
    )
    made, years = grown(without, [(base, 2022)], SPREAD, MEMORY)
    assert years == ()
    assert made.parameters.segments[-1] == label
    np.testing.assert_allclose(made.parameters.segment[:, -1], first.parameters.segment[:, place], atol=1e-9)
    np.testing.assert_allclose(errors_of(made).segment[-1], errors.segment[place], atol=1e-12)


def test_what_was_never_seen_reads_the_pooled_segment(first: FittedModel) -> None:
    made, years = grown(first, [("moon|Z", 2024)], SPREAD, MEMORY)
    assert made is first
    assert years == ()
    ones, month = np.ones(2), np.array([12 * 2024, 12 * 2024])
    cells = EventCounts(np.array([0, 1]), np.array([12, 12]), month, ones, ones)
    got = codes_of(first, ("moon|Z", base_of(first)), cells)
    names = first.parameters.segments
    assert names[got[0]] == "(pooled)"
    assert names[got[1]].startswith(base_of(first))
