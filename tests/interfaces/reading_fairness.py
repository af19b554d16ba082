"""What tables of fairness must tell."""

from __future__ import annotations

from typing import Any

from .reading import Rows, across, ends, in_order, of
from .tables import Table, find


@of("FairnessResult")
def _fairness(result: Any, found: list[Table]) -> Rows:
    parts = (
        ("Approvals by group", f"Approvals beside {result.reference}", result.groups),
        ("Equal opportunity", f"Ended well, beside {result.reference}", result.good_cases),
    )
    for plain, beside, groups in parts:
        for item, row in zip(groups, in_order(find(found, plain), len(groups)), strict=True):
            counted = {"cases": float(item.cases), "approved": float(item.approved)}
            yield from across(row, {"group": item.group, **counted, "share": item.approval.value})
            yield from ends(row["95 %"], item.approval.low, item.approval.high)
        for item, row in zip(groups, in_order(find(found, f"{beside}: odds"), len(groups)), strict=True):
            yield row["odds ratio"], item.odds_ratio.value
            yield from ends(row["95 %"], item.odds_ratio.low, item.odds_ratio.high)
        for item, row in zip(groups, in_order(find(found, f"{beside}: shares"), len(groups)), strict=True):
            yield row["ratio"], item.approval_ratio.value
            yield from ends(row["95 %"], item.approval_ratio.low, item.approval_ratio.high)
            yield from ends(
                row["95 % by logarithm"], item.approval_ratio_log.low, item.approval_ratio_log.high
            )
            gap = item.approval_difference
            yield row["difference, points"], 100 * gap.value
            yield from ends(row["95 % of points"], 100 * gap.low, 100 * gap.high)
    yield from _ended(result, found)
    yield from _equal(result, found)


def _ended(result: Any, found: list[Table]) -> Rows:
    for item, row in zip(result.ends, in_order(find(found, "How cases ended"), 3), strict=True):
        yield from across(row, {"group": item.group, "cases": float(item.cases), "bad": float(item.bads)})
        told = {"observed bad": item.observed.value, "predicted bad": item.predicted, "AUC": item.auc.value}
        yield from across(row, told)
        yield from ends(row["95 %"], item.observed.low, item.observed.high)
        yield from ends(row["95 % of AUC"], item.auc.low, item.auc.high)
    for item, row in zip(result.calibration, in_order(find(found, "Calibration by band"), 3), strict=True):
        yield from across(row, {"band": float(item.band), "cases": float(item.cases)})
        yield from across(row, {"predicted bad": item.predicted, "observed bad": item.observed.value})
        yield from ends(row["95 %"], item.observed.low, item.observed.high)


def _equal(result: Any, found: list[Table]) -> Rows:
    for item, row in zip(result.at_equal_risk, in_order(find(found, "At equal risk"), 3), strict=True):
        yield from across(row, {"cases": float(item.cases), "bands": float(item.bands)})
        yield from across(row, {"odds ratio": item.odds_ratio.value, "ratio": item.approval_ratio.value})
        yield from ends(row["95 %"], item.odds_ratio.low, item.odds_ratio.high)
        yield from ends(row["95 % of ratio"], item.approval_ratio.low, item.approval_ratio.high)
    title = f"At equal {result.given[0]}"
    for item, row in zip(result.at_equal_columns, in_order(find(found, title), 3), strict=True):
        yield from across(row, {"cases": float(item.cases), "odds ratio": item.odds_ratio.value})
        yield from ends(row["95 %"], item.odds_ratio.low, item.odds_ratio.high)
    for item, row in zip(result.months, in_order(find(found, "By month"), 3), strict=True):
        yield from across(row, {"month": item.month, "group": item.group})
        yield from across(row, {"cases": float(item.cases), "approved": float(item.approved)})
        yield from across(row, {"odds ratio": item.odds_ratio.value, "ratio": item.approval_ratio.value})
        yield from ends(row["95 %"], item.odds_ratio.low, item.odds_ratio.high)
        yield from ends(row["95 % of ratio"], item.approval_ratio.low, item.approval_ratio.high)


@of("FairnessSearchResult")
def _search(result: Any, found: list[Table]) -> Rows:
    many = len(result.alternatives)
    titles = ("Approvals of the group", "What it costs: order", "What it costs: bad")
    tables = [find(found, title) for title in titles]
    for item, gain, cost, lost in zip(
        result.alternatives, *(in_order(table, many) for table in tables), strict=True
    ):
        yield from across(gain, {"alternative": item.name, "model": item.model, "gain told": item.gain_told})
        yield from across(gain, {"approval ratio": item.approval_ratio.value, "gain": item.gain.value})
        yield from ends(gain["95 %"], item.approval_ratio.low, item.approval_ratio.high)
        yield from ends(gain["95 % of gain"], item.gain.low, item.gain.high)
        yield from across(cost, {"AUC": item.auc.value, "change": item.auc_change.value, "Brier": item.brier})
        yield cost["change of Brier"], item.brier_change.value
        yield from ends(cost["95 %"], item.auc.low, item.auc.high)
        yield from ends(cost["95 % of change"], item.auc_change.low, item.auc_change.high)
        yield from ends(cost["95 % of Brier"], item.brier_change.low, item.brier_change.high)
        yield from across(
            lost, {"bad among approved": item.bad_rate.value, "change": item.bad_rate_change.value}
        )
        yield from ends(lost["95 %"], item.bad_rate.low, item.bad_rate.high)
        yield from ends(lost["95 % of change"], item.bad_rate_change.low, item.bad_rate_change.high)
