from pathlib import Path

import numpy as np
import pytest

import loantwin as lt
from loantwin.outlook.outlook import Outlook
from loantwin.verbs.loss.migration import loan_states


def test_rows_and_losses_of_a_panel_twin(panel_home: Path) -> None:
    with lt.open(panel_home) as twin:
        outlook = Outlook(twin)
        states = loan_states(outlook, 12)
        columns = outlook.columns
    assert states.names == ("left the book", "current", "dpd_1_29", "dpd_30_59", "dpd_60_89", "default")
    np.testing.assert_allclose(states.row.sum(axis=1), 1, atol=1e-12)
    assert (states.row >= 0).all()
    # who is in arrears now defaults more often, and what is still to come grows with the arrears at the
    # horizon
    worse = columns.state > 0
    assert worse.any()
    assert states.row[worse, -1].mean() > 3 * states.row[~worse, -1].mean()
    still = states.to_come[columns.remaining_months > 24][:, 1:5].sum(axis=0)
    assert (np.diff(still) > 0).all()
    assert (states.to_come[:, [0, -1]] == 0).all()


@pytest.mark.slow
def test_migration_adds_spread_and_no_mean(panel_home: Path) -> None:
    found = lt.loss(panel_home, model="migration", confidence=0.99, paths=4000, seed=2)
    plain = lt.loss(panel_home, model="gaussian", confidence=0.99, paths=4000, seed=2)
    assert found.model == "migration"
    assert found.expected_loss.value == pytest.approx(plain.expected_loss.value, rel=1e-6)
    assert found.gross.expected_loss.value == pytest.approx(plain.gross.expected_loss.value, rel=1e-6)
    assert found.standard_deviation.value > plain.standard_deviation.value
    assert sum(item.es for item in found.by_segment.values()) == pytest.approx(found.es.value)
    assert sum(item.var for item in found.by_segment.values()) == pytest.approx(found.var.value)
    assert sum(item.expected_loss for item in found.by_segment.values()) == pytest.approx(
        found.expected_loss.value
    )
