"""What tables of one case's score and of a model card must tell."""

from __future__ import annotations

from typing import Any

from .reading import Rows, across, ends, in_order, of
from .tables import Table, find


@of("ScoreExplainResult")
def _explained(result: Any, found: list[Table]) -> Rows:
    told = find(found, "Score of one case")
    yield told.fact("probability of bad"), result.pd
    yield told.fact("cut-off"), result.cut
    yield told.fact("points"), result.points
    raised = in_order(find(found, "What raises the risk most"), len(result.reasons))
    for item, row in zip(result.reasons, raised, strict=True):
        yield from across(row, {"code": item.code, "reason": item.en, "log-odds": item.log_odds})
    added = find(found, "What each feature adds")
    for item in result.contributions:
        heads = {"value": item.value, "log-odds": item.log_odds, "odds times": item.odds}
        yield from across(added.row(item.column), {**heads, "points": item.points})
    for name, log_odds, points in (
        ("the average case", result.base_log_odds, result.base_points),
        ("the case", result.log_odds, result.points),
    ):
        yield from across(added.row(name), {"log-odds": log_odds, "points": points})
    parts = [(way, place, item) for way in result.changed for place, item in enumerate(way.changes)]
    changed = in_order(find(found, "What would have changed it"), len(parts))
    for (way, place, item), row in zip(parts, changed, strict=True):
        yield from across(row, {"column": item.column, "was": item.was, "becomes": item.becomes})
        if place == 0:
            yield row["probability of bad then"], way.pd


@of("ScoreCardResult")
def _card(result: Any, found: list[Table]) -> Rows:
    for name, item in result.models.items():
        row = find(found, "On rows not trained on").row(name)
        yield from across(row, {"AUC": item.auc, "KS": item.ks, "Brier": item.brier})
        yield row["slope"], item.calibration_slope
        yield from ends(row["95 %"], item.auc_low, item.auc_high)
        yield from ends(row["95 % of Brier"], item.brier_low, item.brier_high)
    said = in_order(find(found, "Approvals"), len(result.approvals))
    for item, row in zip(result.approvals, said, strict=True):
        yield from across(row, {"name": item.model, "role": item.role, "author": item.by, "day": item.day})
    other = find(found, "On other cases")
    yield other.fact("cases"), result.other_cases.rows
    yield other.fact("probability of bad, mean"), result.other_cases.pd_mean
    yield other.fact("bad"), result.other_cases.bads
    yield other.fact("AUC"), result.other_cases.auc
    yield other.fact("Brier"), result.other_cases.brier
    unknown = find(found, "What the champion did not know")
    for heads, counts in (
        ("texts never seen", result.other_cases.unseen),
        ("numbers beyond", result.other_cases.beyond),
        ("missing", result.other_cases.missing),
    ):
        for name, count in counts.items():
            yield unknown.row(name)[heads], count
