"""Parts of a model card: how good each model is, who is found, calibration."""

from __future__ import annotations

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
from loantwin.interfaces.report.labels import signed
from loantwin.interfaces.report.score_card.charts import calibration as calibrated
from loantwin.interfaces.report.score_card.charts import dots, found, spread
from loantwin.models.scoring.judge import ScoreCompared
from loantwin.verbs.score_card import ScoreCardResult

MONOTONE, FREE, BASE, STACK = "boosting-monotone", "boosting", "logistic", "stack"


def judged(result: ScoreCardResult) -> Section:
    """Return the figures of every model, and why one of them is the champion."""
    models = result.models
    later = any(item.stability is not None for item in models.values())
    rows = [
        (
            name,
            f"{item.auc:.4f}",
            f"{item.auc_low:.3f} to {item.auc_high:.3f}",
            "–" if item.auc_spread is None else f"{item.auc_spread:.3f}",
            f"{item.gini:.3f}",
            f"{item.ks:.3f}",
            f"{item.brier:.4f}",
            f"{item.brier_low:.4f} to {item.brier_high:.4f}",
            f"{item.log_loss:.4f}",
            f"{item.calibration_slope:.2f}",
            *((("–" if item.stability is None else f"{item.stability:.3f}"),) if later else ()),
        )
        for name, item in models.items()
    ]
    heads = (
        "model", "AUC", "95 % of AUC", "± folds", "Gini", "KS", "Brier", "95 % of Brier", "log loss", "slope"
    )  # fmt: skip
    auc = dots(
        "AUC of each model", list(models), [item.auc for item in models.values()],
        [item.auc_low for item in models.values()], [item.auc_high for item in models.values()],
        unit="1 orders without a fault, 0.5 is chance",
    )  # fmt: skip
    brier = dots(
        "Brier score of each model", list(models), [item.brier for item in models.values()],
        [item.brier_low for item in models.values()], [item.brier_high for item in models.values()],
        unit="less is better",
    )  # fmt: skip
    place = list(models).index(result.champion)
    blocks: list[PageBlock] = [
        note(_choice(result)),
        pictures((auc, "Intervals: DeLong."), (brier, "Intervals: cases drawn again.")),
        table((*heads, "PSI") if later else heads, rows, totals=(place,), caption="The champion in bold."),
    ]
    if result.compared:
        blocks += [heading("Models beside each other, on the same cases"), table(*_beside(result.compared))]
    if (cost := _cost(result)) is not None:
        blocks.append(text(cost))
    lead = f"On rows that they were not trained on: {result.judged_on}."
    return Section("judged", "How good each model is", lead, tuple(blocks))


def _choice(result: ScoreCardResult) -> str:
    loss = result.models[result.champion].log_loss
    if result.champion == STACK and len(result.models) > 1:
        return (
            f"The champion is the stack: its log loss, {loss:.4f}, lies below that of the best single model "
            "beyond chance."
        )
    rule = "a stack takes its place only where it beats it beyond chance"
    return f"The champion is {result.champion}: the least log loss of the single models, {loss:.4f}; {rule}."


def _beside(compared: tuple[ScoreCompared, ...]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    rows: list[tuple[str, ...]] = [
        (
            item.model,
            item.against,
            signed(item.auc, 4),
            signed(item.brier, 5),
            f"{signed(item.brier_low, 5)} to {signed(item.brier_high, 5)}",
            signed(item.log_loss, 5),
            f"{signed(item.log_loss_low, 5)} to {signed(item.log_loss_high, 5)}",
        )
        for item in compared
    ]
    heads = ("model", "beside", "AUC", "Brier", "95 % of Brier", "log loss", "95 % of log loss")
    return heads, rows


def _cost(result: ScoreCardResult) -> str | None:
    """Return what monotone constraints cost, None where it was not measured."""
    item = next((item for item in result.compared if (item.model, item.against) == (MONOTONE, FREE)), None)
    if item is None:
        return None
    return (
        f"Monotone constraints change the AUC by {signed(item.auc, 4)} and the Brier score by "
        f"{signed(item.brier, 5)} ({signed(item.brier_low, 5)} to {signed(item.brier_high, 5)})."
    )


def discrimination(result: ScoreCardResult) -> Section | None:
    """Return who is found among how many, and where scores lie; None where no curve is recorded."""
    if result.champion not in result.curves:
        return None
    names = dict.fromkeys([result.champion, *([BASE] if BASE in result.curves else [])])
    roc = found({name: result.curves[name] for name in names})
    chart = spread(result.curves[result.champion])
    blocks = pictures(
        (roc, "The dashed line is chance."), (chart, "Where they overlap, the score cannot tell them apart.")
    )
    lead = f"The champion, {result.champion}, on rows that it was not trained on."
    return Section("discrimination", "Who is found", lead, (blocks,))


def off(result: ScoreCardResult) -> int:
    """Return in how many tenths the champion's mean probability lies outside the interval of what came."""
    return sum(not item.low <= item.predicted <= item.high for item in result.models[result.champion].deciles)


def calibration(result: ScoreCardResult) -> Section:
    """Return predicted and observed shares of bads by tenths of the champion's risk."""
    own = result.models[result.champion]
    rows = [
        (
            str(item.number),
            f"{item.cases:,}",
            percent(item.predicted),
            percent(item.observed),
            f"{percent(item.low, 1)} to {percent(item.high, 1)}",
        )
        for item in own.deciles
    ]
    lead = (
        f"Slope {own.calibration_slope:.2f} and intercept {own.calibration_intercept:+.2f} (1 and 0 are "
        f"best); {off(result)} of {len(own.deciles)} predictions lie outside the interval of what was "
        "observed."
    )
    chart = calibrated(f"Calibration of {result.champion}", own.deciles)
    head = ("tenth by risk", "cases", "predicted bad", "observed bad", "95 %")
    blocks = (pictures((chart, "Tenths from the safest to the riskiest.")), table(head, rows))
    return Section("calibration", "Whether its probabilities hold", lead, blocks)
