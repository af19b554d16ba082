"""What tables of one loan's contract and account, and of scores, must tell."""

from __future__ import annotations

from typing import Any

from .reading import Rows, across, of
from .tables import Table, find


@of("AccountReplayed")
def _account(result: Any, found: list[Table]) -> Rows:
    stands = find(found, "The account on")
    yield stands.fact("owed in all"), result.outstanding
    yield stands.fact("past due"), result.past_due
    yield stands.fact("overpaid"), result.overpaid
    yield stands.fact("pays it off that day"), result.payoff.total
    yield stands.fact("interest saved"), result.interest_saved
    told = find(found, "Statement")
    yield told.fact("principal before"), result.statement.opening
    yield told.fact("paid in"), result.statement.paid
    yield told.fact("fell due"), result.statement.due
    yield told.fact("late now"), result.statement.past_due
    yield told.fact("principal now"), result.statement.closing
    for item in result.instalments:
        row = find(found, "Instalments").row(str(item.number))
        heads = {"asked": item.total, "paid": item.paid, "late": item.late, "in advance": item.in_advance}
        yield from across(row, {**heads, "unpaid": item.outstanding})


@of("ScheduleResult")
def _schedule(result: Any, found: list[Table]) -> Rows:
    for item in result.instalments:
        row = find(found, "What falls due").row(str(item.number))
        heads = {"payment": item.payment, "interest": item.interest, "principal": item.principal}
        yield from across(row, {**heads, "fees": item.fees, "balance after": item.closing})
    totals = find(found, "In all")
    yield totals.fact("you receive"), result.totals.disbursed
    yield totals.fact("you pay in all"), result.totals.payment
    yield totals.fact("of it interest"), result.totals.interest
    yield totals.fact("of it fees"), result.totals.fees
    yield totals.fact("the loan costs"), result.totals.cost
    yield totals.fact("left unpaid"), result.totals.left
    for item in result.rates.values():
        assert any(f"{item.shown} %" in row for row in find(found, "Cost a year").cells)


@of("ScoreTrainResult")
def _scores(result: Any, found: list[Table]) -> Rows:
    for name, item in result.models.items():
        row = find(found, "On rows not trained on").row(name)
        for head, value in (("AUC", item.auc), ("Gini", item.gini), ("Brier", item.brier), ("KS", item.ks)):
            yield row[head], value
