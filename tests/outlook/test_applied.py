"""What an application comes to: the sums by hand, and against the readable reference of the engine."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.arrays import Floats
from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.columns import loan_columns
from loantwin.engine.expectation import conditional_flows_reference
from loantwin.engine.path import Flows
from loantwin.engine.runoff import build_cells
from loantwin.errors import UsageError
from loantwin.outlook.applications import applications_of
from loantwin.outlook.applied import applied, economics_of
from tests.scored_book import AS_OF, scored_book


@pytest.fixture(scope="module")
def outlook(tmp_path_factory: pytest.TempPathFactory) -> lt.Outlook:
    folder = tmp_path_factory.mktemp("applied")
    book = scored_book(folder, loans=2_000, cases=1_000)
    lt.score_train(
        book.cases, target="end", good="good", out=folder / "scores", models=("logistic",), time="lent",
        exclude=["grade"],
    )  # fmt: skip
    lt.twin_create(folder / "twin", book.tape, book.mapping, AS_OF)
    lt.fit(folder / "twin", score=folder / "scores", score_file=book.tape)
    return lt.Outlook(lt.open(folder / "twin"))


def asked(amounts: list[float], terms: list[int], rates: list[float], grades: list[str]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "loan_id": [str(place) for place in range(len(amounts))],
            "product": ["instalment"] * len(amounts),
            "originated_amount": amounts, "term_months": terms, "annual_rate": rates,
            "origination_grade": grades,
        }
    )  # fmt: skip


def flows_by_hand(
    interest: list[float], balance: list[float], loss: list[float], number: list[float]
) -> Flows:
    none: Floats = np.zeros(len(interest))
    told = {
        "opening": np.array(100.0), "balance": np.array(balance), "interest": np.array(interest),
        "loss_gross": np.array(loss), "defaulted_number": np.array(number),
    }  # fmt: skip
    rest = {name: none for name in Flows.__dataclass_fields__ if name not in told}
    return Flows(**told, **rest)


def test_profit_by_hand() -> None:
    """100 lent for two months; funding 12 % and servicing 6 % a year: 1 % and 0.5 % a month."""
    found = economics_of(flows_by_hand([2.0, 1.0], [50.0, 0.0], [0.7, 0.3], [0.02, 0.01]), 0.12, 0.06)
    assert found.interest == pytest.approx(2 / 1.01 + 1 / 1.01**2)
    assert found.funding == pytest.approx(1.0 / 1.01 + 0.5 / 1.01**2)
    assert found.servicing == pytest.approx(0.5 / 1.01 + 0.25 / 1.01**2)
    assert found.expected_loss == pytest.approx(1.0)
    assert found.profit == pytest.approx(found.interest - found.funding - found.servicing - 1.0)
    assert found.lifetime_pd == pytest.approx(0.03)


def test_a_single_loan_is_what_the_readable_engine_says(outlook: lt.Outlook) -> None:
    table = asked([12_000.0], [24], [0.10], ["B"])
    one = applications_of(outlook, table, np.array([-2.0]))
    twin, costs = outlook.twin, outlook.twin.config.economics
    score = twin.model.score
    assert score is not None
    band = int(np.searchsorted(score.breaks, -2.0)) + 1
    label = twin.model.parameters.segments[one.segment[0]]
    assert label.startswith("B|size band ")
    assert label.endswith(f"|score band {band}")
    shocks = outlook.expected(outlook.simulated(24, 5, twin.config.run.seed))
    columns = loan_columns(
        segment=one.segment, age=0, state=0, product=one.product, remaining_months=24, principal=12_000.0,
        annual_rate=0.10, effective_annual_rate=costs.funding_annual_rate,
    )  # fmt: skip
    runoff = outlook.runoff
    cells = build_cells(
        columns, 24, arrears_months=runoff.arrears_months, conversion_factor=runoff.conversion_factor
    )
    lgd: LossGivenDefault = twin.model.lgd
    flows = conditional_flows_reference(twin.model.parameters, cells, lgd, shocks)
    opening = np.concatenate([flows.opening[..., None], flows.balance[..., :-1]], axis=-1)
    worth = (1 + costs.funding_annual_rate / 12) ** -np.arange(1, 25)
    found = applied(outlook, one, paths=5)
    interest = (flows.interest * worth).sum(axis=-1).mean()
    cost = (
        (costs.funding_annual_rate + costs.servicing_annual_rate) / 12 * (opening * worth).sum(axis=-1).mean()
    )
    loss = flows.loss_gross.sum(axis=-1).mean()
    assert found.lifetime_pd[0] == pytest.approx(flows.defaulted_number.sum(axis=-1).mean())
    assert found.annual_pd[0] == pytest.approx(flows.defaulted_number[..., :12].sum(axis=-1).mean())
    assert found.expected_loss[0] == pytest.approx(loss)
    assert found.profit[0] == pytest.approx(interest - cost - loss)


def test_many_applications_are_each_what_one_alone_is(outlook: lt.Outlook) -> None:
    """Kinds are looked at once, for a unit of money: amounts scale, order does not matter."""
    random = np.random.default_rng(1)
    count = 300
    table = asked(
        [float(value) for value in random.uniform(500, 20_000, count)],
        [int(value) for value in random.choice([12, 24, 36], count)],
        [float(value) for value in random.choice([0.08, 0.1], count)],
        [str(value) for value in random.choice(["A", "B"], count)],
    )
    log_odds = random.normal(-2.5, 1.0, count)
    whole = applied(outlook, applications_of(outlook, table, log_odds), paths=3)
    for row in (0, 17, 299):
        alone = applied(
            outlook, applications_of(outlook, table[row : row + 1], log_odds[row : row + 1]), paths=3
        )
        assert alone.lifetime_pd[0] == pytest.approx(whole.lifetime_pd[row], rel=1e-9)
    order = np.argsort(log_odds)
    better, worse = whole.lifetime_pd[order[:50]].mean(), whole.lifetime_pd[order[-50:]].mean()
    assert worse > 3 * better


def test_what_cannot_be_lent_is_refused_by_row(outlook: lt.Outlook) -> None:
    with pytest.raises(UsageError, match="row 2, field term_months: expected a number from 1 to 1200, was 0"):
        applications_of(outlook, asked([1.0, 1.0], [12, 0], [0.1, 0.1], ["A", "A"]), np.zeros(2))
    lines = asked([1.0], [12], [0.1], ["A"]).with_columns(product=pl.lit("revolving"))
    with pytest.raises(UsageError, match="expected a loan with a term, was 'a revolving line'"):
        applications_of(outlook, lines, np.zeros(1))
    strange = applications_of(outlook, asked([1.0], [12], [0.1], ["Z"]), np.array([np.nan]))
    assert "segments the twin never saw (Z)" in strange.said[0]
