"""The page of `fairness-search`: what alternatives gain in approvals of a group, and what they cost."""

from __future__ import annotations

from pathlib import Path

from loantwin.files import check_page, replace_file
from loantwin.interfaces.report.blocks import Section, Tile, bullets, details, percent, pictures, table
from loantwin.interfaces.report.fairness.charts import gain_and_cost
from loantwin.interfaces.report.fairness.words import (
    ends,
    gained,
    gained_ends,
    part,
    point_ends,
    points,
    ratio,
)
from loantwin.interfaces.report.page import Page, facts, made_by, rendered
from loantwin.verbs.fairness_search import FairnessSearchResult


def write(result: FairnessSearchResult, out: Path | str) -> Path:
    """Write the page, replacing an old one when whole; raise InputError where it cannot be written."""
    target = Path(out)
    check_page(target, "out")
    replace_file(target, page(result), "out", private=True)
    return target


def page(result: FairnessSearchResult) -> str:
    """Return the page as HTML, self-contained."""
    present = result.alternatives[0]
    return rendered(
        Page(
            title="Less discriminatory alternatives",
            lead=(
                f"Models of the same {result.rows:,} cases, each approving "
                f"{percent(result.approved_share, 1)} by one "
                f"cut-off for all: approvals of {result.compared} beside {result.reference}."
            ),
            summary=_summary(result),
            facts=facts(result.provenance, ""),
            tiles=(
                Tile("Present approval ratio", ratio(present.approval_ratio), ends(present.approval_ratio)),
                Tile("Present AUC", ratio(present.auc), ends(present.auc)),
                Tile(
                    "Alternatives tried",
                    f"{len(result.alternatives) - 1}",
                    f"gain shown of {len(result.found)}",
                ),
                Tile("Cases compared", f"{result.group_cases:,}", f"beside {result.reference_cases:,}"),
            ),
            sections=(_gains(result), _costs(result), _how(result)),
            footer=made_by(result.provenance),
        )
    )


def _summary(result: FairnessSearchResult) -> str:
    """Return the alternative of largest shown gain with its cost, or that none is shown."""
    named = {item.name: item for item in result.alternatives}
    found = [named[name] for name in result.found if name in named]
    if not found:
        tried = len(result.alternatives) - 1
        return f"Of {tried} alternatives none has a gain that is shown: each interval holds zero."
    best = max(found, key=lambda item: item.approval_ratio.value or 0.0)
    return (
        f"The largest gain shown is that of {best.name}: a ratio of {ratio(best.approval_ratio)} in place of "
        f"{ratio(result.alternatives[0].approval_ratio)}, at an AUC of {ratio(best.auc)} in place of "
        f"{ratio(result.alternatives[0].auc)} and {part(best.bad_rate, 2)} bad among the approved in "
        "place of "
        f"{part(result.alternatives[0].bad_rate, 2)}."
    )


def _gains(result: FairnessSearchResult) -> Section:
    rows = [
        (item.name, item.model, ratio(item.approval_ratio), ends(item.approval_ratio), gained(item.gain, 3),
         gained_ends(item.gain, 3),
         item.gain_told or "–", "yes" if item.on_frontier else "no")
        for item in result.alternatives
    ]  # fmt: skip
    heads = (
        "alternative",
        "model",
        "approval ratio",
        "95 %",
        "gain",
        "95 % of gain",
        "gain told",
        "on the frontier",
    )
    return Section(
        "gains",
        "What is gained",
        "A gain is shown only where its interval, widened for the number of alternatives, leaves zero out.",
        (
            pictures(
                (
                    gain_and_cost(result.alternatives, "auc"),
                    "Up and to the right is better on both; the line joins what nothing beats on both.",
                ),
                (
                    gain_and_cost(result.alternatives, "bad_rate"),
                    "Down and to the right is better: more approvals of the group, fewer bad ends.",
                ),
            ),
            table(heads, rows, words=(0, 1)),
        ),
    )


def _costs(result: FairnessSearchResult) -> Section:
    rows = [
        (item.name, ratio(item.auc, 4), gained(item.auc_change, 4), gained_ends(item.auc_change, 4),
         f"{item.brier:.4f}", gained(item.brier_change, 4), gained_ends(item.brier_change, 4),
         part(item.bad_rate, 2), points(item.bad_rate_change, 2), point_ends(item.bad_rate_change, 2))
        for item in result.alternatives
    ]  # fmt: skip
    heads = ("alternative", "AUC", "change", "95 % of change", "Brier", "change of Brier", "95 % of Brier",
             "bad among approved", "change of bad, points", "95 % of points")  # fmt: skip
    return Section(
        "costs",
        "What it costs",
        "All on cases not trained on. A Brier score that rises is worse.",
        (table(heads, rows),),
    )


def _how(result: FairnessSearchResult) -> Section:
    rows = list(result.left_out.items())
    read = f"The present model reads {len(result.features)} columns: {', '.join(result.features)}"
    return Section(
        "how",
        "How it was searched",
        f"{result.folds} folds, the same for all models.",
        (
            bullets((*result.notes, read)),
            *(
                [details("Columns that no model reads", table(("column", "why"), rows, words=(0, 1)))]
                if rows
                else []
            ),
        ),
    )
