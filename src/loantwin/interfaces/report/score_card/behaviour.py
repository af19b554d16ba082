"""Parts of a model card: segments, periods, other cases, fairness."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from loantwin.errors import visible
from loantwin.interfaces.report.blocks import (
    PageBlock,
    Section,
    heading,
    note,
    percent,
    pictures,
    table,
    text,
)
from loantwin.interfaces.report.labels import three
from loantwin.interfaces.report.score_card.charts import by_period, dots, levels
from loantwin.interfaces.report.score_card.charts import calibration as calibrated
from loantwin.models.scoring.parts import LEAST_CLASS, LEAST_ROWS, PartJudged
from loantwin.verbs.score_card import ScoreCardResult

NOT_SHOWN = "too few"
MOST_FEATURES = 12


def _part_rows(parts: Sequence[PartJudged], later: bool) -> list[tuple[str, ...]]:
    return [
        (
            item.part,
            f"{item.rows:,}",
            f"{item.bads:,}",
            NOT_SHOWN if item.auc is None else three(item.auc),
            NOT_SHOWN if item.auc_low is None else f"{item.auc_low:.3f} to {item.auc_high:.3f}",
            NOT_SHOWN if item.brier is None else f"{item.brier:.4f}",
            NOT_SHOWN if item.predicted is None else percent(item.predicted),
            NOT_SHOWN if item.observed is None else percent(item.observed),
            NOT_SHOWN
            if item.observed_low is None
            else f"{percent(item.observed_low, 1)} to {percent(item.observed_high, 1)}",
            *((three(item.psi), three(item.psi_by_chance)) if later else ()),
        )
        for item in parts
    ]


HEADS = ("cases", "bad", "AUC", "95 % of AUC", "Brier", "predicted bad", "observed bad", "95 % of observed")


def segments(result: ScoreCardResult) -> Section | None:
    """Return the champion judged by segment; None where no column was asked for."""
    own = [item for item in result.segments if item.model == result.champion]
    if not own:
        return None
    blocks: list[PageBlock] = []
    for column in dict.fromkeys(item.column for item in own):
        parts = [item for item in own if item.column == column]
        shown = [item for item in parts if item.shown]
        if shown:
            chart = dots(
                f"AUC by {visible(column)}", [visible(item.part) for item in shown],
                [item.auc for item in shown], [item.auc_low for item in shown],
                [item.auc_high for item in shown],
                unit=f"all cases {result.models[result.champion].auc:.3f}, the line",
                line=result.models[result.champion].auc,
                head="segment",
            )  # fmt: skip
            names = [visible(item.part) for item in shown]
            level = levels(f"Predicted and observed bad by {visible(column)}", shown, names)
            told = "Where predicted lies outside the interval, the level is off."
            blocks.append(pictures((chart, "Parts with few cases have wide intervals."), (level, told)))
        blocks.append(table(("segment", *HEADS), _part_rows(parts, later=False)))
    lead = f"The champion, {result.champion}. {_bounds()}"
    return Section("segments", "By segment", lead, tuple(blocks))


def _bounds() -> str:
    return f"Parts with fewer than {LEAST_ROWS} cases, or {LEAST_CLASS} of either class, are not shown."


def periods(result: ScoreCardResult) -> Section | None:
    """Return the champion by period of the judged rows, and how far features moved; None of folds."""
    own = [item for item in result.periods if item.model == result.champion]
    if not own:
        return None
    calibration = by_period("Predicted and observed bad by period", own)
    shown = [item for item in own if item.shown]
    charts: list[Any] = [(calibration, "Points off the line: the level moved.")]
    if shown:
        auc = dots(
            "AUC by period", [item.part for item in shown], [item.auc for item in shown],
            [item.auc_low for item in shown], [item.auc_high for item in shown],
            unit=f"all cases {result.models[result.champion].auc:.3f}, the line",
            line=result.models[result.champion].auc,
        )  # fmt: skip
        charts.append((auc, "Intervals: DeLong."))
    blocks: list[PageBlock] = [
        pictures(*charts),
        table(("period", *HEADS, "PSI", "by chance"), _part_rows(own, True)),
    ]
    if result.moved:
        blocks += [heading("Features that moved most against training"), _moved(result)]
    lead = (
        f"By {own[0].column}. PSI by chance is what rows that did not move pass in 5 of 100 cases. "
        f"{_bounds()}"
    )
    return Section("periods", "By vintage", lead, tuple(blocks))


def _moved(result: ScoreCardResult) -> PageBlock:
    largest: dict[str, Any] = {}
    for item in result.moved:
        if item.column not in largest or item.csi > largest[item.column].csi:
            largest[item.column] = item
    rows = [
        (item.column, three(item.csi), item.period, three(item.by_chance))
        for item in sorted(largest.values(), key=lambda item: -item.csi)[:MOST_FEATURES]
    ]
    heads = ("column", "largest CSI", "in period", "by chance")
    return table(heads, rows, caption=f"Of {len(largest)} features the {len(rows)} that moved most.")


def other(result: ScoreCardResult) -> Section | None:
    """Return the champion on the cases of another file; None where none was named."""
    item = result.other_cases
    if item is None:
        return None
    blocks: list[PageBlock] = []
    if item.same:
        blocks.append(
            note("This is the file of the training: the model knows its cases, and figures are too good.")
        )
    rows = [("cases", f"{item.rows:,}"), ("probability of bad, mean", percent(item.pd_mean))]
    if item.bads is not None:
        rows += [("bad", f"{item.bads:,}"), ("observed bad", percent(item.bads / item.rows))]
    if item.auc is not None:
        rows += [
            ("AUC", f"{item.auc:.3f} ({item.auc_low:.3f} to {item.auc_high:.3f})"),
            ("Brier", f"{item.brier:.4f} ({item.brier_low:.4f} to {item.brier_high:.4f})"),
        ]
    blocks.append(table(("figure", "of these cases"), rows))
    names = list(dict.fromkeys([*item.unseen, *item.beyond, *item.missing]))
    if names:
        unknown = [
            (
                name,
                f"{item.unseen.get(name, 0):,}",
                f"{item.beyond.get(name, 0):,}",
                f"{item.missing.get(name, 0):,}",
            )
            for name in names
        ]
        heads = ("column", "texts never seen", "numbers beyond", "missing")
        blocks.append(table(heads, unknown, caption="What the model did not know, in cases."))
    if item.deciles:
        chart = calibrated("Calibration on these cases", item.deciles)
        blocks.append(pictures((chart, "Tenths from the safest to the riskiest.")))
    return Section("other", "On other cases", f"The champion on the cases of {item.source}.", tuple(blocks))


def fairness(result: ScoreCardResult) -> Section:
    """Return what is known of groups, and where their figures are."""
    named = ", ".join(result.groups)
    if not result.groups:
        told = "No column of a group was named in training: whether a model reads one was not looked at."
    elif result.trained_on_groups:
        told = f"Trained on groups, as asked: {named}."
    else:
        told = f"Columns of groups, measured by and read by no model: {named}."
    where = (
        "The command fairness sets decisions and scores of groups beside each other, with intervals; "
        "fairness-search looks for models that treat groups more alike."
    )
    blocks = ((note if result.trained_on_groups or not result.groups else text)(told), text(where))
    return Section("fairness", "Fairness", "This card holds no figure by group.", blocks)
