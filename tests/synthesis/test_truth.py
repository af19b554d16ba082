"""The truth: readable, complete, of a realistic size."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pytest

from loantwin.book.schema import PRODUCTS
from loantwin.engine.rows import TransitionParameters, check_transitions
from loantwin.errors import InputError
from loantwin.synthesis.default_truth import default_truth
from loantwin.synthesis.truth import Truth


def test_a_truth_comes_back_from_json() -> None:
    truth = default_truth()
    again = Truth.from_dict(json.loads(json.dumps(truth.to_dict())))
    for item in fields(TransitionParameters):
        mine, read = getattr(truth.transitions, item.name), getattr(again.transitions, item.name)
        assert np.array_equal(mine, read), item.name
    assert replace(truth, transitions=again.transitions) == again


@pytest.mark.parametrize(
    "break_it", [lambda d: d.pop("grades"), lambda d: d.update(extra=1), lambda d: d.update(schema="other/1")]
)
def test_unknown_or_missing_keys_are_refused(break_it) -> None:
    document = default_truth().to_dict()
    break_it(document)
    with pytest.raises(InputError, match="expected"):
        Truth.from_dict(document)


def test_lags_that_do_not_sum_to_one_are_refused() -> None:
    with pytest.raises(InputError, match="charge_off_lag"):
        replace(default_truth(), charge_off_lag=(0.0, 0.5))


def test_the_default_truth_is_of_realistic_size() -> None:
    truth = default_truth()
    check_transitions(truth.transitions)
    assert tuple(truth.products) == PRODUCTS
    annual = truth.annual_default_rate().reshape(len(PRODUCTS), -1)
    assert (np.diff(annual, axis=1) > 0).all()  # a worse grade defaults more
    assert 0.001 < annual.min() < 0.003
    assert 0.02 < annual.max() < 0.04


def test_loss_given_default_by_hand() -> None:
    lgd = default_truth().loss_given_default()
    # instalment: 18 % cured; 92 % of the rest charged off, 22 % of that recovered
    assert lgd.charged_off[0, 0] == pytest.approx(0.82 * 0.92)
    assert lgd.recovered[0, 50] == pytest.approx(0.82 * 0.92 * 0.22)
    assert lgd.charge_off_lag.sum() == pytest.approx(1.0)
    assert lgd.recovery_lag.sum() == pytest.approx(1.0)
    months = np.arange(len(lgd.recovery_lag))
    mean = (months * lgd.charge_off_lag).sum() + (
        np.arange(12) * np.array(default_truth().recovery_lag)
    ).sum()
    assert (months * lgd.recovery_lag).sum() == pytest.approx(mean)
