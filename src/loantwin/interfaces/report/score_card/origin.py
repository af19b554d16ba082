"""Parts of a model card: purpose, data, features, points, approvals, settings, what was assumed."""

from __future__ import annotations

from itertools import groupby

from loantwin.errors import visible
from loantwin.interfaces.report.blocks import (
    PageBlock,
    Section,
    bullets,
    details,
    heading,
    note,
    percent,
    pictures,
    table,
    text,
)
from loantwin.interfaces.report.charts import bars
from loantwin.interfaces.report.labels import three
from loantwin.verbs.score_card import ScoreCardResult

MOST_BARS = 12


def purpose(result: ScoreCardResult) -> Section:
    """Return what the score is for, what its figure means, and where it ends."""
    ends = " or ".join(result.bad_values) or "any other value"
    limits = [
        f"It says how probable it is that a case ends badly. Bad: {result.target} = {ends}; good: "
        f"{result.target} = {result.good}.",
        "It holds for cases like those it was trained on: a text never seen, or a number outside the range "
        "of training, is scored and said.",
        "It orders and weighs risk; whether a case is approved is for a policy to say.",
    ]
    told = text(result.purpose) if result.purpose else note("What the score is for was not told.")
    return Section("purpose", "Purpose and limits", "", (told, heading("Limits"), bullets(limits)))


def data(result: ScoreCardResult) -> Section:
    """Return what the models learnt from."""
    span = " to ".join(result.dates) or "–"
    rows = [
        ("file", result.source),
        ("SHA-256", result.sha256),
        ("cases with a known end", f"{result.rows:,}"),
        ("bad", "–" if result.bads is None else f"{result.bads:,} ({percent(result.bads / result.rows, 1)})"),
        ("without an end, left out", "–" if result.unknown is None else f"{result.unknown:,}"),
        ("target", result.target),
        ("good", result.good),
        ("bad values", ", ".join(result.bad_values) or "–"),
        ("first and last day", span),
    ]
    blocks: list[PageBlock] = [table(("figure", "value"), rows, words=(0, 1))]
    blocks += [note(words) for words in result.not_recorded]
    if result.notes:
        blocks.append(bullets([visible(words) for words in result.notes]))
    return Section("data", "Data", "What the models were trained on and judged by.", tuple(blocks))


def features(result: ScoreCardResult) -> Section:
    """Return what the models read, what they do not, and which columns seem to know the outcome."""
    blocks: list[PageBlock] = []
    if result.leaks:
        rows = [(item.column, item.why, three(item.auc)) for item in result.leaks]
        blocks += [
            heading("Suspected to know the outcome"),
            table(("column", "why", "AUC alone"), rows, words=(0, 1)),
        ]
    if result.features:
        first = result.features[:MOST_BARS]
        chart = bars(
            "Information value", [visible(item.name) for item in first], [item.information for item in first],
            unit="of the bins of each column", head="column",
        )  # fmt: skip
        later = any(item.stability is not None for item in result.features)
        rows = [
            (
                item.name,
                item.kind,
                three(item.information),
                percent(item.missing, 1),
                "–" if item.kind != "category" else f"{item.levels:,}",
                *((three(item.stability),) if later else ()),
            )
            for item in result.features
        ]
        heads = ("column", "kind", "information value", "missing", "levels")
        words = "CSI: how far a column moved between training and later rows." if later else ""
        blocks += [
            heading("What each column tells"),
            pictures((chart, "What each column tells by itself.")),
            table((*heads, "CSI") if later else heads, rows, words=(0, 1), caption=words),
        ]
    left = [(name, why) for name, why in result.left_out.items() if name != result.target]
    if left:
        made = table(("column", "why"), left, words=(0, 1))
        blocks.append(details(f"{len(left)} columns that no model reads", made))
    many = f"{len(result.features)} columns are read." if result.features else ""
    leak = "" if result.leaks else " None is suspected to know the outcome."
    return Section("features", "Features", f"{many}{leak}".strip(), tuple(blocks))


def points(result: ScoreCardResult) -> Section | None:
    """Return the scorecard's bins with their points; None where there is no scorecard."""
    if not result.points or result.scale is None:
        return None
    rows = []
    for _, items in groupby(result.points, key=lambda item: item.column):
        for place, item in enumerate(items):
            rows.append(
                (
                    item.column if place == 0 else "",
                    item.bin,
                    f"{item.points:.1f}",
                    f"{item.rows:,}" if item.rows else "–",
                    percent(item.bad_rate, 1),
                )
            )
    scale = result.scale
    lead = (
        f"Points of a case are summed, base points first: {scale.base:g} are odds of {scale.odds:g} good to "
        f"one bad, {scale.double:g} more double them."
    )
    heads = ("column", "bin", "points", "cases", "bad")
    return Section("points", "The scorecard", lead, (table(heads, rows, words=(0, 1)),))


def approvals(result: ScoreCardResult) -> Section:
    """Return what roles said of the models."""
    if not result.registered:
        lead = "No register was named, or it holds none of these models."
        return Section("approvals", "Approvals", lead)
    held = [
        (item.model, item.kind, item.by or "–", item.day, item.expires or "–") for item in result.registered
    ]
    blocks = [table(("name", "model", "author", "registered", "expires"), held, words=(0, 1, 2, 3, 4))]
    rows = [
        (
            item.model,
            item.role,
            item.by,
            item.day,
            "approved" if item.approved else "refused",
            item.words or "–",
        )
        for item in result.approvals
    ]
    if rows:
        heads = ("name", "role", "author", "day", "said", "reason")
        blocks.append(table(heads, rows, words=(0, 1, 2, 3, 4, 5)))
    lead = "As the register holds them." if rows else "Registered; no role has said anything yet."
    return Section("approvals", "Approvals", lead, tuple(blocks))


def settings(result: ScoreCardResult) -> Section:
    """Return how the models are made again: settings, versions, hashes."""
    rows = [(name.replace("_", " "), value) for name, value in result.settings.items()]
    versions = [(name, value) for name, value in result.versions.items()]
    hashes = [(name, value) for name, value in result.hashes.items()]
    blocks = (
        table(("setting", "value"), rows, words=(0, 1)),
        table(("package", "version"), versions, words=(0, 1)),
        details("SHA-256 of each model", table(("name", "value"), hashes, words=(0, 1))),
    )
    lead = (
        f"Registry id {result.registry_id}: the hash of data, settings, versions and models. The same file, "
        "settings and versions give the same models to the bit."
    )
    return Section("settings", "How it is made again", lead, blocks)


def assumed(result: ScoreCardResult) -> Section:
    """Return what was assumed."""
    return Section("assumed", "What was assumed", "", (bullets(result.assumed),))
