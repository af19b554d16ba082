"""Each figure of a result is found in its table under its own heading, in its own row.

Results are filled with figures that are all distinct, so that a figure under another's heading, a column too
far or rows turned round cannot pass.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from loantwin.interfaces.cli.tables.fit import opening
from loantwin.verbs.fit.result import FittedEdge

from . import (
    reading_accounts,
    reading_ahead,
    reading_cards,
    reading_contracts,
    reading_decisions,
    reading_fairness,
    reading_files,
    reading_history,
    reading_models,
    reading_processes,
)
from .reading import CHECKS, shows
from .results import filled, kinds
from .tables import printed, tables

BY_NAME = {kind.__name__: kind for kind in kinds()}
READ = (
    reading_accounts,
    reading_ahead,
    reading_cards,
    reading_contracts,
    reading_decisions,
    reading_fairness,
    reading_files,
    reading_history,
    reading_models,
    reading_processes,
)
"""Where the checks stand: what is read of every kind of result."""


def _edge(name: str, events: float, months: float, assumed: bool = False) -> FittedEdge:
    return FittedEdge(name, assumed, events, events, months, {})


def test_fit_opens_with_a_sentence() -> None:
    """30 defaults in 1,200 loan months of loans that live are 30 a hundred loan years: 30 %."""
    edges = (
        _edge("current -> dpd_1_29", 50.0, 1000.0),
        _edge("dpd_1_29 -> current", 20.0, 200.0),
        _edge("dpd_1_29 -> default", 30.0, 200.0),
        _edge("current -> prepaid", 5.0, 900.0),
    )
    share = {"charged_off": {"used": 0.41}, "recovered": {"used": 0.12}, "defaults": 30}
    made = replace(filled(BY_NAME["FitResult"]), edges=edges, loss_given_default=share, prior=None)
    begun = "30.0 % of loans default a year (30 in 1,200 loan months); "
    begun += "41 % of their exposure is charged off and 12 % recovered later; "
    learnt = replace(made, prior_only=())
    assert opening(learnt) == begun + "severity and every transition are learnt from this book."
    few = replace(made, prior_only=("dpd_1_29 -> default", "loss given default"))
    assert opening(few) == begun + "severity and 1 of 4 transitions are a prior, not learnt."
    severity = replace(made, prior_only=(), loss_given_default={**share, "defaults": 0})
    assert opening(severity).endswith("; severity is a prior, not learnt.")
    ended = (
        _edge("current -> charged_off", 12.0, 1200.0),
        _edge("current -> prepaid", 0.0, 0.0, assumed=True),
    )
    assert opening(replace(learnt, edges=ended)).startswith("12.0 % of loans are charged off a year (12 in")
    none = (_edge("current -> default", 0.0, 0.0),)
    assert "30.00 % of loans default a year: 30 in 1,200 loan-months." in learnt.summary()
    assert "of loans" not in replace(learnt, edges=none).summary()
    assert opening(replace(learnt, edges=none)).startswith("No loan was seen to default; ")


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_each_figure_stands_under_its_own_heading(name: str) -> None:
    result = filled(BY_NAME[name])
    checked = 0
    for cell, value in CHECKS[name](result, tables(printed(result))):
        assert shows(cell, value), f"{cell!r} is not {value!r}, the figure of its row and heading"
        checked += 1
    assert checked >= 2


def test_every_result_with_a_table_is_read() -> None:
    # a schema is shown as it is written: it has words and no figures
    assert set(BY_NAME) - {"SchemaShown"} == set(CHECKS)
