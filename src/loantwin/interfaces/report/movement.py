"""The page of an allowance's movement: waterfall, lines by stage as IFRS 7.35H asks, moves, segments."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from loantwin.files import check_page, replace_file
from loantwin.interfaces.report.blocks import (
    PageBlock,
    Section,
    Tile,
    bullets,
    details,
    percent,
    pictures,
    table,
)
from loantwin.interfaces.report.labels import money, segment_words
from loantwin.interfaces.report.page import Page, facts, made_by, rendered
from loantwin.interfaces.report.stress.charts import waterfall
from loantwin.risk.provisions.movement import Line
from loantwin.risk.provisions.movement_statement import MovementResult

WORDS = {
    "opening": "opening",
    "originated": "new loans",
    "derecognised": "repaid and derecognised",
    "transfers": "transfers between stages",
    "remeasurement": "remeasurement",
    "unwind": "unwinding of the discount",
    "stage": "change of stage",
    "balance": "balance",
    "pd": "age and arrears (PD)",
    "economy": "economy",
    "lgd": "loss given default",
    "model": "model refitted",
    "to_write_off": "loss on what was written off",
    "overlays": "overlays",
    "changes": "repaid, drawn, interest",
    "written_off": "written off",
    "closing": "closing",
}
"""What each line is called on the page and in tables."""
BRIDGE = {
    "originated": "new loans",
    "derecognised": "repaid and derecognised",
    "remeasurement": "remeasurement",
    "unwind_performing": "unwinding of the discount, stages 1 and 2",
    "through_allowance": "impairment through the allowance",
    "recoveries": "less recoveries of amounts written off",
    "charge": "charge to profit",
    "unwind_impaired": "unwinding of stage 3, taken from interest revenue",
    "written_off_gross": "written off, before guarantees",
    "guaranteed": "of it borne by guarantors",
    "written_off": "written off against the allowance",
}
"""What each figure of the bridge from the table to profit is called."""
LOSSES = {
    "defaulted": "defaulted",
    "charged_off": "charged off",
    "recovered": "recovered",
    "net_charge_offs": "net charge-offs",
    "expected_12m": "expected loss, 12 months",
    "expected_lifetime": "expected loss, life",
    "allowance_opening": "allowance, opening",
    "allowance_closing": "allowance, closing",
    "charge": "charge to profit",
}
"""What each of the several losses of a period is called."""
STOCK = {
    "opening": "in default at the opening",
    "defaulted": "defaulted",
    "cured": "cured",
    "derecognised": "repaid and derecognised",
    "changes": "paid, accrued",
    "charged_off": "charged off",
    "closing": "in default at the closing",
}
FROM_LOSSES = {
    "charged_off_net": "charged off, net of guarantors",
    "recovered": "less recovered",
    "change_of_allowance": "change of the allowance",
    "unwind_impaired": "less unwinding of stage 3, in interest revenue",
    "charge": "charge to profit",
}
SEGMENTS = 12


def write(result: MovementResult, out: Path) -> None:
    """Write the page; an existing file is replaced when the new one is whole."""
    check_page(out, "out")
    replace_file(out, page(result), "out", private=True)


def page(result: MovementResult) -> str:
    """Return the page's HTML."""
    return rendered(
        Page(
            title="Movement of the allowance",
            lead=f"IFRS 9, {result.opening_date} to {result.closing_date}, net of guarantees.",
            summary=_summary(result),
            facts=facts(
                result.provenance,
                f"{result.opening_date.isoformat()} and {result.closing_date.isoformat()}",
                result.currency,
            ),
            tiles=_tiles(result),
            sections=(
                _statement(result),
                _losses(result),
                _waterfall(result),
                _stages(result),
                _segments(result),
            ),
            footer=made_by(result.provenance),
        )
    )


def _summary(result: MovementResult) -> str:
    """Return where the allowance went, what moved it most and what profit was charged."""
    change, largest = result.closing - result.opening, _largest(result)
    went = "rose" if change > 0 else "fell" if change < 0 else "stayed"
    by = "" if not change else f" by {money(abs(change))}"
    moved = result.table[largest].amount
    return (
        f"The allowance {went} from {money(result.opening)} to {money(result.closing)} "
        f"{result.currency}{by}. "
        f"What moved it most: {WORDS[largest]}, {'+' if moved > 0 else '−'}{money(abs(moved))}. Profit was "
        f"charged {money(result.profit.charge)}."
    )


def _largest(result: MovementResult) -> str:
    """Return the line of the statement that moved the allowance most."""
    inner = [name for name in result.table if name not in ("opening", "closing", "transfers")]
    return max(inner, key=lambda name: abs(result.table[name].amount))


def _tiles(result: MovementResult) -> tuple[Tile, ...]:
    change = result.closing - result.opening
    share = f"{percent(change / result.opening, 1)} of the opening" if result.opening else ""
    largest = _largest(result)
    held = result.lines["to_write_off"].amount
    return (
        Tile("Opening", money(result.opening), result.opening_date.isoformat()),
        Tile("Closing", money(result.closing), result.closing_date.isoformat()),
        Tile("Change", money(change), share),
        Tile("Charge to profit", money(result.profit.charge), "impairment less recoveries"),
        Tile("Largest line", WORDS[largest], f"{result.table[largest].amount:+,.0f}"),
        Tile(
            "Written off",
            money(result.charged_off),
            f"{money(held)} of it beyond the allowance held",
        ),
    )


def _statement(result: MovementResult) -> Section:
    head = ("line", "stage 1", "stage 2", "stage 3", "all", "loans")
    allowance = table(head, by_stage(result.table), caption="Loss allowance, IFRS 7.35H, net of guarantees")
    gross = table(
        head,
        by_stage(result.gross_carrying),
        caption="Gross carrying amount, IFRS 7.35I, before guarantees",
    )
    bridge = table(("from the table to profit", result.currency), bridged(result), caption="Charge to profit")
    lead = (
        f"The period was charged {result.profit.charge:,.2f} {result.currency}. Recoveries never touch the "
        "allowance: they stand in the bridge under the table."
    )
    return Section("statement", "As accounts state it", lead, (allowance, bridge, gross))


def _losses(result: MovementResult) -> Section:
    both = (("From losses to the charge", FROM_LOSSES, result.losses.charge),
            ("Gross carrying amount in default", STOCK, result.losses.in_default))  # fmt: skip
    sums = [
        table((words, result.currency), [(names[key], f"{value:,.2f}") for key, value in rows.items()])
        for words, names, rows in both
    ]
    columns = ("figure", "gross", "net", "horizon", "leaves out")
    one = table(columns, losses_rows(result), words=(0, 3, 4))
    lead = (
        "Each is a loss of the period in somebody's words. No two are the same figure, and two sums tie them."
    )
    return Section("losses", "The several losses of the period", lead, (one, *sums))


def losses_rows(result: MovementResult) -> list[tuple[str, ...]]:
    """Return rows of the several losses: name, before and after guarantees, horizon, what is left out."""
    return [
        (
            LOSSES[name],
            *("–" if amount is None else f"{amount:,.2f}" for amount in (item.gross, item.net)),
            item.horizon,
            item.leaves_out,
        )
        for name, item in result.losses.figures.items()
    ]


def by_stage(lines: Mapping[str, Line]) -> list[tuple[str, ...]]:
    """Return rows of lines: what it is called, stages 1 to 3, all, loans."""
    return [
        (
            WORDS[name],
            *(f"{line.by_stage[stage]:,.2f}" for stage in ("1", "2", "3")),
            f"{line.amount:,.2f}",
            f"{line.loans:,}",
        )
        for name, line in lines.items()
    ]


def bridged(result: MovementResult) -> list[tuple[str, str]]:
    """Return rows of the bridge to profit; recoveries with the sign they have in it."""
    rows = []
    for name, words in BRIDGE.items():
        amount = getattr(result.profit, name)
        if name == "recoveries" and amount is not None:
            amount = -amount
        rows.append((words, "not told" if amount is None else f"{amount:,.2f}"))
    return rows


def _waterfall(result: MovementResult) -> Section:
    shown = {
        WORDS[name]: line.amount
        for name, line in result.lines.items()
        if name not in ("opening", "closing", "transfers") and abs(line.amount) >= 0.5
    }
    chart = waterfall(
        "From opening to closing",
        (f"opening {result.opening_date.isoformat()}", result.opening),
        shown,
        (f"closing {result.closing_date.isoformat()}", result.closing),
        unit=result.currency,
    )
    ends = f"from {result.opening:,.2f} to {result.closing:,.2f} {result.currency}"
    lead = f"The allowance went {ends}. The lines sum without a remainder."
    blocks: list[PageBlock] = [
        pictures((chart, "Each step takes one input more from the closing date, in this order."))
    ]
    if result.notes:
        blocks.append(bullets(result.notes[:8]))
    blocks.append(details("How each line is made", bullets(result.rules)))
    return Section("movement", "What moved it", lead, tuple(blocks))


def _stages(result: MovementResult) -> Section:
    blocks = [
        table(
            ("line", "stage 1", "stage 2", "stage 3", "all", "loans"),
            by_stage(result.lines),
            caption="Every line: the remeasurement taken apart.",
        )
    ]
    if result.stage_moves:
        moves = [
            (
                f"{move.origin} → {move.target}",
                f"{move.loans:,}",
                f"{move.transferred:,.0f}",
                f"{move.remeasured:+,.0f}",
            )
            for move in result.stage_moves
        ]
        blocks.append(
            table(
                ("move", "loans", "allowance taken along", "remeasured"),
                moves,
                caption="Moves between stages",
            )
        )
    return Section(
        "stages", "By stage", "Opening plus every line is the closing, in each stage too.", tuple(blocks)
    )


def _segments(result: MovementResult) -> Section:
    names = sorted(
        result.by_segment,
        key=lambda name: -abs(result.by_segment[name]["closing"] - result.by_segment[name]["opening"]),
    )
    lines = [name for name in result.lines if name != "transfers"]
    rows = [
        (segment_words(name), *(f"{result.by_segment[name][line]:,.0f}" for line in lines))
        for name in names[:SEGMENTS]
    ]
    if len(names) > SEGMENTS:
        rest = [sum(result.by_segment[name][line] for name in names[SEGMENTS:]) for line in lines]
        rows.append((f"{len(names) - SEGMENTS} others", *(f"{value:,.0f}" for value in rest)))
    made = table(("segment", *(WORDS[line] for line in lines)), rows)
    return Section("segments", "By segment", "Segments whose allowance changed most come first.", (made,))
