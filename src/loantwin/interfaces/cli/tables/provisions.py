"""Tables of `loantwin provisions`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import (
    amount,
    percent,
    show_facts,
    show_line,
    show_notes,
    show_table,
)
from loantwin.interfaces.cli.tables.layout import Cell

SHOWN = 24
"""Months a table shows, the first ones; JSON and the workbook have all."""


def render(console: Console, result: Any) -> None:
    """Print the allowance: total, by stage, class or pool, what stands beside it, by scenario, rules."""
    if hasattr(result, "pd_at_recognition"):
        _explanation(console, result)
        return
    facts: dict[str, Cell] = {"exposure": amount(result.exposure), "allowance": amount(result.allowance)}
    if hasattr(result, "allowance_basis"):  # minima are no allowance
        facts["minimum by class"] = facts.pop("allowance")
        facts["minimum before guarantees"] = amount(result.allowance_gross)
    elif getattr(result, "allowance_gross", None) is not None:
        facts["allowance before guarantees"] = amount(result.allowance_gross)
    if result.exposure:
        facts["coverage, of exposure"] = percent(result.allowance / result.exposure)
    if getattr(result, "overlays", ()):
        facts["overlays"] = amount(result.overlay_total)
        facts["allowance with overlays"] = amount(result.allowance_with_overlays)
    show_facts(
        console,
        f"Provisions under {result.standard} as of {result.as_of.isoformat()}, {result.currency}",
        facts,
    )
    for name, words in (("by_stage", "stage"), ("by_class", "class"), ("by_pool", "pool")):
        if hasattr(result, name):
            rows = [
                (
                    key.replace("_", " "),
                    f"{item.loans:,}",
                    f"{item.weighted_loans:,.0f}",
                    amount(item.exposure),
                    amount(item.allowance),
                    percent(item.allowance / item.exposure) if item.exposure else "–",
                )
                for key, item in getattr(result, name).items()
            ]
            show_table(
                console,
                f"By {words}",
                (
                    words,
                    "loans",
                    "expected still there",
                    "exposure",
                    "minimum" if name == "by_class" else "allowance",
                    "coverage, % of exposure",
                ),
                rows,
            )
    if hasattr(result, "triggers"):
        met = [(name.replace("_", " "), f"{count:,}") for name, count in result.triggers.items() if count]
        show_table(console, "Why loans left stage 1 (each trigger by itself)", ("trigger", "loans"), met)
        _beside(console, result)
    if getattr(result, "written_off", None) is not None:
        _written_off(console, result.written_off)
    if getattr(result, "methods", None):
        _methods(console, result)
    if getattr(result, "overlays", ()):
        _overlays(console, result)
    if hasattr(result, "coverage"):
        _coverage(console, result)
    scenarios = [
        (key, percent(item.weight, 0), amount(item.allowance)) for key, item in result.by_scenario.items()
    ]
    show_table(console, "By scenario", ("scenario", "weight", "allowance at full weight"), scenarios)
    show_notes(console, "Not observable in this source", result.not_observable)
    show_notes(console, "Rules", getattr(result, "rules", ()))
    show_notes(console, "Notes", result.provenance.get("notes", ()))


def _beside(console: Console, result: Any) -> None:
    """Print risk at recognition, the interest basis, commitments and modifications of IFRS 9."""
    if result.recognition is not None:
        show_facts(console, "Risk at initial recognition, loans by where it comes from", _recognition(result))
    rows = [
        (stage, item.basis, amount(item.carrying_amount), amount(item.monthly_interest))
        for stage, item in result.interest.items()
    ]
    show_table(
        console,
        "Interest revenue of the next month",
        ("stage", "basis", "carrying amount", "interest"),
        rows,
        words=2,
    )
    undrawn, moved = result.commitments, result.modifications
    if undrawn.loans:
        facts = {
            "undrawn": amount(undrawn.undrawn),
            "conversion factor": percent(undrawn.conversion_factor, 0),
            "part of the allowance that the undrawn amounts cause": amount(undrawn.provision),
            "life of lines": f"{undrawn.behavioural_months} months"
            if undrawn.behavioural_months
            else "contractual",
        }
        show_facts(console, f"Commitments of {undrawn.loans:,} loans", facts)
    if moved is not None and (moved.loans or moved.substantial):
        facts = {
            "modified, not substantially": f"{moved.loans:,}",
            "their gain (loss)": amount(moved.gain),
            f"changed by {percent(moved.threshold, 0)} or more: derecognise": f"{moved.substantial:,}",
            "their carrying amount": amount(moved.substantial_amount),
        }
        show_facts(console, "Fixed rates that differ from those first reported", facts)


def _recommended(console: Console, found: Any) -> None:
    """Print which method fits the book, why, and how far each was wrong a year ago."""
    if not found:
        return
    show_line(console, f"Recommended: {found['method']}. {found['reason']}")
    console.print()
    rows = [
        (
            name,
            amount(item["foretold"]),
            amount(item["came"]),
            percent(item["error"], 0) if item["error"] is not None else "–",
        )
        for name, item in found["errors"].items()
    ]
    title = "Net charge-offs of the last 12 months, foretold a year ago"
    show_table(console, title, ("method", "foretold", "came", "error, % of what came"), rows)
    show_notes(console, "Beware", found["warnings"])


def _written_off(console: Console, told: Any) -> None:
    facts = {
        "written off": amount(told.written_off),
        "recovered so far": amount(told.recovered),
        "still expected": amount(told.expected),
        "net of guarantors' part, deducted from the allowance": amount(told.net),
    }
    show_facts(console, f"Recoveries of {told.loans:,} loans written off", facts)


def _recognition(result: Any) -> dict[str, str]:
    told = result.recognition
    facts = {
        "curve of the model in force when the loan was made": f"{told.stored:,}",
        "reconstructed by the first model": f"{told.reconstructed:,}",
    }
    if told.long_run:
        facts["macro history does not reach back, long-run level"] = f"{told.long_run:,}"
    if told.tape:
        facts["scaled to the tape's PD"] = f"{told.tape:,}"
        facts["twin's PD over the tape's at recognition, median"] = f"{told.tape_factor:.3f}"
        facts["mapped PD over the twin's, median"] = f"{told.median_ratio:.3f}"
    return facts


def _methods(console: Console, result: Any) -> None:
    rows = [
        (
            name,
            amount(item.allowance),
            amount(item.allowance_gross),
            percent(item.allowance / result.exposure)
            if item.allowance is not None and result.exposure
            else "–",
        )
        for name, item in result.methods.items()
    ]
    _recommended(console, result.provenance.get("recommended"))
    show_table(
        console,
        "By method, on the same book",
        ("method", "allowance", "before guarantees", "coverage, % of exposure"),
        rows,
    )
    read = [f"{name}: {item.read or 'no figure, ' + item.missing}" for name, item in result.methods.items()]
    show_notes(console, "What each method read", read)
    show_notes(
        console,
        "Methods",
        [f"{name}: {item.formula} ({item.source})" for name, item in result.methods.items()],
    )


def _overlays(console: Console, result: Any) -> None:
    rows = [
        (
            item.name,
            item.author,
            item.reason,
            item.expires.isoformat(),
            f"{item.loans:,}",
            amount(item.modelled),
            amount(item.amount),
        )
        for item in result.overlays
    ]
    columns = ("overlay", "author", "reason", "in force to", "loans", "modelled in scope", "adds")
    show_table(console, "Overlays, beside the modelled allowance", columns, rows, words=4)


def _coverage(console: Console, result: Any) -> None:
    ratios, booked = result.coverage, result.booked
    facts = {
        "booked allowance (IFRS 9, net of guarantees)": amount(None if booked is None else booked.allowance),
        "booked / non-performing balance": percent(ratios.provision_coverage, 1),
        "booked / balance": percent(ratios.loan_provision),
        "allowance that the supervisor's ratios require": amount(ratios.required),
        "the same under relief": amount(ratios.required_relief),
        "what the booked allowance lacks": amount(ratios.shortfall),
        "what it lacks to the minima by class": amount(ratios.minimum_shortfall),
    }
    show_facts(
        console,
        "Supervisory ratios",
        {name: value if value != "–" else "cannot be told" for name, value in facts.items()},
    )


def _explanation(console: Console, result: Any) -> None:
    facts = {
        "stage, pool or class": result.stage.replace("_", " "),
        "why": result.why,
        "PD, 12 months": percent(result.pd_12m, 4),
        "PD, remaining life": percent(result.pd_lifetime, 4),
        "PD at recognition, same remaining life": percent(result.pd_at_recognition, 4),
        "severity, of exposure": percent(result.severity),
        "gross carrying amount": amount(result.exposure, 2),
        "effective annual rate": percent(result.effective_annual_rate),
        "guaranteed share": percent(result.guaranteed_share),
        "weight": f"{result.weight:.6g}",
        "allowance before guarantees": amount(result.allowance_gross, 2),
        "allowance": amount(result.allowance, 2),
    }
    if result.deducted:
        facts["deducted, expected at recognition"] = amount(result.deducted, 2)
    title = f"Loan {result.loan} under {result.standard} as of {result.as_of.isoformat()}, {result.currency}"
    show_facts(console, title, facts)
    counted = [month for month in result.months if month.counted]
    rows = [
        (
            month.date or ("past the contract" if month.month else ""),
            percent(month.marginal_pd, 4),
            amount(month.exposure, 2),
            percent(month.severity),
            "–" if month.discount is None else f"{month.discount:.6f}",
            amount(month.loss, 4),
        )
        for month in counted[:SHOWN]
    ]
    words = f"Months that count, the first {len(rows)} of {len(counted)}"
    head = ("month", "PD", "exposure", "severity, % of exposure", "discount factor", "loss")
    left = len(counted) - len(rows)
    show_table(console, words, head, rows, more=f"{left} more months: --json, --out" if left else "")
    show_notes(console, "Not observable in this source", result.not_observable)
    show_notes(console, "Rules", result.rules)
    show_notes(console, "Notes", result.notes)
