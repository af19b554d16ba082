"""What tables of one loan's contract and account, and of scores, must tell."""

from __future__ import annotations

from typing import Any

from .reading import Rows, across, ends, of
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


@of("ScoreCutoffResult")
def _cut_offs(result: Any, found: list[Table]) -> Rows:
    facts = find(found, "Cut-offs of the score")
    yield facts.fact("applications"), result.applications
    yield facts.fact("funding a year"), result.funding_annual_rate
    yield facts.fact("servicing a year"), result.servicing_annual_rate
    best = find(found, "The cut-off of most profit")
    for way, item in result.best.items():
        row = best.row(way)
        yield from across(row, {"cut-off": item.cut_off, "approved": item.approved})
        yield from across(row, {"lifetime profit": item.profit.mean})
        yield from ends(row["90 %"], item.cut_off_low, item.cut_off_high)
        yield from ends(row["90 % of approved"], item.approved_low, item.approved_high)
        yield from ends(row["90 % of profit"], item.profit.p05, item.profit.p95)
    given = find(found, "What the cut-off of the first 12 months")
    yield given.fact("mean"), result.given_up.mean
    table = find(found, "Everything up to the cut-off")
    first = result.profits["first 12 months"]
    for item, flag, cells in zip(result.curve, first, table.cells[1:], strict=True):
        row = dict(zip(table.cells[0], cells, strict=True))
        heads = {"cut-off": item.cut_off, "approved": item.approved, "score's bad": item.score_pd}
        heads |= {"default in 12 months": item.annual_pd.mean, "default at all": item.lifetime_pd.mean}
        heads |= {"expected loss": item.expected_loss.mean, "interest": item.interest.mean}
        heads |= {"costs": item.funding.mean + item.servicing.mean, "profit": item.profit.mean}
        yield from across(row, {**heads, "first 12 months": flag.mean})
        yield from ends(row["90 % interval"], item.profit.p05, item.profit.p95)


@of("ScoreTrainResult")
def _scores(result: Any, found: list[Table]) -> Rows:
    for name, item in result.models.items():
        row = find(found, "On rows not trained on").row(name)
        heads = {"AUC": item.auc, "Gini": item.gini, "Brier": item.brier, "KS": item.ks}
        yield from across(row, {**heads, "± folds": item.auc_spread, "slope": item.calibration_slope})
        yield from ends(row["95 %"], item.auc_low, item.auc_high)
    told = find(found, "Differences")
    for item, cells in zip(result.compared, told.cells[1:], strict=True):
        row = dict(zip(told.cells[0], cells, strict=True))
        yield from across(row, {"model": item.model, "beside": item.against, "AUC": item.auc})
        yield from across(row, {"Brier": item.brier})
        yield from ends(row["95 % of Brier"], item.brier_low, item.brier_high)
        yield from across(row, {"log loss": item.log_loss})
        yield from ends(row["95 % of log loss"], item.log_loss_low, item.log_loss_high)
    tenths = find(found, "Calibration of")
    deciles = result.models[result.champion].deciles
    assert deciles
    for item, cells in zip(deciles, tenths.cells[1:], strict=True):
        row = dict(zip(tenths.cells[0], cells, strict=True))
        yield from across(row, {"predicted bad": item.predicted, "observed bad": item.observed})
        yield from ends(row["95 %"], item.low, item.high)
    features = find(found, "Features")
    for item in result.features:
        yield features.row(item.name)["information value"], item.information
    assert result.segments
    for item in result.segments:
        yield from _part(item, found, f"by {item.column}", item.column)
    assert result.periods
    for item in result.periods:
        row = yield from _part(item, found, "by period", "period")
        yield from across(row, {"PSI": item.psi, "by chance": item.psi_by_chance})
    moved = find(found, "Stability of features")
    assert result.moved
    for item in result.moved:
        yield moved.row(item.column)[item.period], item.csi
        yield moved.row(item.column)["by chance"], item.by_chance


@of("SurvivalTrainResult")
def _survival(result: Any, found: list[Table]) -> Rows:
    told = find(found, "Probability of the event")
    for item, cells in zip(result.judged, told.cells[1:], strict=True):
        row, made = dict(zip(told.cells[0], cells, strict=True)), item.figures
        yield from across(row, {"as of": item.as_of, "loans are": item.group, "months": item.horizon})
        yield from across(row, {"model": item.model, "loans": item.loans, "predicted": made.predicted})
        yield from across(row, {"observed": made.observed, "Brier": made.brier, "AUC": made.auc})
        yield from ends(row["95 %"], made.brier_low, made.brier_high)
    differences = find(found, "Differences")
    for item, cells in zip(result.compared, differences.cells[1:], strict=True):
        row = dict(zip(differences.cells[0], cells, strict=True))
        yield from across(row, {"loans are": item.group, "months": item.horizon, "model": item.model})
        yield from across(row, {"beside": item.against, "Brier": item.brier, "is": item.shown})
        yield from ends(row["95 % of Brier"], item.brier_low, item.brier_high)
    features = find(found, "Features")
    for item in result.features:
        yield features.row(item.name)["spread of log hazard"], item.spread
    moves = find(found, "What moves with the month")
    for item in result.effects:
        yield moves.row(item.name)["hazard's factor a unit"], item.factor


@of("ScoreBehaviourResult")
def _behaviour(result: Any, found: list[Table]) -> Rows:
    for item in result.dates:
        row = find(found, "Rows by date").row(item.at)
        yield from across(row, {"rows": item.rows, "bad after it": item.bad, "good after it": item.good})
        yield row["not known"], item.unknown
    features = find(found, "Features")
    for item in result.features:
        heads = {"missing": item.missing, "mean": item.mean, "lowest": item.low, "highest": item.high}
        yield from across(features.row(item.name), heads)
    sets = find(found, f"{result.worth.model} by set of columns")
    for name, item in result.worth.sets.items():
        yield from across(sets.row(name), {"AUC": item.auc, "Brier": item.brier})
        yield from ends(sets.row(name)["95 %"], item.auc_low, item.auc_high)
    differences = find(found, "Differences")
    for item, cells in zip(result.worth.compared, differences.cells[1:], strict=True):
        row = dict(zip(differences.cells[0], cells, strict=True))
        yield from across(row, {"columns": item.model, "beside": item.against, "AUC": item.auc})
        yield from across(row, {"Brier": item.brier})
        yield from ends(row["95 % of Brier"], item.brier_low, item.brier_high)


def _part(item: Any, found: list[Table], words: str, column: str) -> Any:
    """Yield a part's figures; return its row of calibration."""
    (good,) = (table for table in found if table.title.startswith("How good") and words in table.title)
    row = good.row(item.part)
    yield from across(row, {"AUC": item.auc, "KS": item.ks, "Brier": item.brier})
    yield from ends(row["95 % of AUC"], item.auc_low, item.auc_high)
    yield from ends(row["95 % of KS"], item.ks_low, item.ks_high)
    yield from ends(row["95 % of Brier"], item.brier_low, item.brier_high)
    row = find(found, f"Predicted and observed bad {words}").row(item.part)
    yield from across(row, {"predicted bad": item.predicted, "observed bad": item.observed})
    yield from ends(row["95 %"], item.observed_low, item.observed_high)
    return row


@of("ScorePredictResult")
def _predicted(result: Any, found: list[Table]) -> Rows:
    told = find(found, "Cases scored")
    yield told.fact("cases"), result.rows
    yield told.fact("probability of bad, mean"), result.pd_mean
    yield told.fact("least"), result.pd_least
    yield told.fact("greatest"), result.pd_greatest
    unknown = find(found, "What the model did not know")
    for heads, counts in (
        ("texts never seen", result.unseen),
        ("numbers beyond", result.beyond),
        ("missing", result.missing),
    ):
        for name, count in counts.items():
            yield unknown.row(name)[heads], count
