"""What tables of provisions, their movement, journals and capital must tell."""

from __future__ import annotations

from typing import Any

from loantwin.interfaces.cli.tables.capital import SHORT
from loantwin.interfaces.report.labels import segment_words
from loantwin.interfaces.report.movement import BRIDGE, LOSSES, WORDS

from .reading import Rows, across, facts, of, rows
from .tables import Table, find

CAPITAL = {"capital": "capital", "expected loss": "expected_loss"}
WEIGHT = {"RWA": "rwa", "RWA, % of exposure at default": "risk_weight"}


@of("CapitalResult")
def capital(result: Any, found: list[Table]) -> Rows:
    for name, item in result.approaches.items():
        words = SHORT[name]
        drawn = {"exposure, drawn": "exposure", "exposure at default": "ead"}
        before = {"RWA, no guarantees": "rwa_before_guarantees"}
        yield from rows(found, f"{result.loans:,} loans", {words: item}, drawn | before | WEIGHT | CAPITAL)
        part = {"loans": "loans", "exposure at default": "ead", "guaranteed": "guaranteed"}
        yield from rows(found, f"By class, {words}", item.by_class, part | WEIGHT | CAPITAL)
        yield from rows(
            found, f"Ratios, {words}", {"CET1": item.ratios.cet1, "leverage": item.ratios.leverage},
            {
                "minimum": "minimum",
                "with buffers": "with_buffers",
                "headroom, money": "headroom",
                "% of RWA (leverage: of exposure)": "value",
            },
        )  # fmt: skip
        floor, gap = item.output_floor, item.provisions
        yield from facts(
            found, f"Output floor {floor.words}, {words}",
            {"internal RWA": floor.internal, "floor": floor.floor},
        )  # fmt: skip
        yield from facts(
            found, f"Expected loss against provisions, {words}",
            {
                "eligible provisions": gap.provisions,
                "shortfall, deducted from CET1": gap.shortfall,
                "of it tier 2": gap.tier2,
            },
        )  # fmt: skip
    yield from rows(
        found, "Largest of", {", ".join(group.names): group for group in result.large_exposures.groups},
        {
            "exposure": "exposure", "less guarantees": "net", "loans": "loans",
            "% of the book": "share_of_book", "% of tier 1": "of_tier1",
        },
    )  # fmt: skip


@of("ExplanationResult")
def one_loan(result: Any, found: list[Table]) -> Rows:
    titled = {f"Loan {result.loan} as of": result.facts}
    for name, words in SHORT.items():
        titled[words[0].upper() + words[1:]] = result.approaches[name]
        titled[f"Floors and caps that bind, {words}"] = result.floors[name]
    for title, steps in titled.items():
        cells = {step.what: step for step in steps}
        yield from rows(found, title, cells, {"value": "value", "from": "source"})


def provided(result: Any, found: list[Table], key: str, minimum: str = "allowance") -> Rows:
    """Yield what every standard shows."""
    yield from rows(
        found, f"By {key}",
        {name.replace("_", " "): item for name, item in getattr(result, f"by_{key}").items()},
        {
            "loans": "loans",
            "expected still there": "weighted_loans",
            "exposure": "exposure",
            minimum: "allowance",
            "coverage, % of exposure": lambda item: item.allowance / item.exposure,
        },
    )  # fmt: skip
    head = {"exposure": result.exposure, "coverage, of exposure": result.allowance / result.exposure}
    if minimum == "allowance":
        head |= {"allowance": result.allowance, "allowance before guarantees": result.allowance_gross}
    yield from facts(found, "Provisions under", head)
    weighed = {"weight": "weight", "allowance at full weight": "allowance"}
    yield from rows(found, "By scenario", result.by_scenario, weighed)


@of("PooledAllowance")
def pooled(result: Any, found: list[Table]) -> Rows:
    yield from provided(result, found, "pool")


@of("Ifrs9Result")
def ifrs9(result: Any, found: list[Table]) -> Rows:
    yield from provided(result, found, "stage")
    overlaid = {"overlays": result.overlay_total, "allowance with overlays": result.allowance_with_overlays}
    yield from facts(found, "Provisions under", overlaid)
    earned = {"carrying amount": "carrying_amount", "interest": "monthly_interest"}
    yield from rows(found, "Interest revenue", result.interest, earned)
    yield from rows(
        found, "Overlays", {item.name: item for item in result.overlays},
        {"modelled in scope": "modelled", "adds": "amount", "loans": "loans"},
    )  # fmt: skip
    yield from facts(
        found, "Commitments of",
        {
            "undrawn": result.commitments.undrawn,
            "part of the allowance that the undrawn amounts cause": result.commitments.provision,
        },
    )  # fmt: skip


@of("CeclResult")
def cecl(result: Any, found: list[Table]) -> Rows:
    yield from provided(result, found, "pool")
    made = {"allowance": "allowance", "before guarantees": "allowance_gross"}
    yield from rows(found, "By method", result.methods, made)
    worth = result.written_off
    told = {"written off": worth.written_off, "recovered so far": worth.recovered}
    yield from facts(found, "Recoveries of", told | {"still expected": worth.expected})


@of("FiveLevelResult")
def five_level(result: Any, found: list[Table]) -> Rows:
    yield from provided(result, found, "class", "minimum")
    head = {"minimum by class": result.allowance, "minimum before guarantees": result.allowance_gross}
    yield from facts(found, "Provisions under", head)
    yield from facts(
        found, "Supervisory ratios",
        {
            "booked / non-performing balance": result.coverage.provision_coverage,
            "booked / balance": result.coverage.loan_provision,
            "what the booked allowance lacks": result.coverage.shortfall,
            "what it lacks to the minima by class": result.coverage.minimum_shortfall,
        },
    )  # fmt: skip


@of("ProvisionExplanation")
def explained(result: Any, found: list[Table]) -> Rows:
    yield from facts(
        found, f"Loan {result.loan} under",
        {
            "PD, 12 months": result.pd_12m,
            "PD, remaining life": result.pd_lifetime,
            "PD at recognition, same remaining life": result.pd_at_recognition,
            "severity, of exposure": result.severity,
            "gross carrying amount": result.exposure,
            "allowance before guarantees": result.allowance_gross,
            "allowance": result.allowance,
        },
    )  # fmt: skip
    yield from rows(
        found, "Months that count", {month.date: month for month in result.months},
        {
            "PD": "marginal_pd", "exposure": "exposure", "severity, % of exposure": "severity",
            "discount factor": "discount", "loss": "loss",
        },
    )  # fmt: skip


@of("MovementResult")
def movement(result: Any, found: list[Table]) -> Rows:
    for title, lines in (
        ("IFRS 9 allowance from", result.table),
        ("Gross carrying amounts", result.gross_carrying),
        ("Every line", result.lines),
    ):
        for name, line in lines.items():
            row = find(found, title).row(WORDS[name])
            yield from across(row, {f"stage {stage}": value for stage, value in line.by_stage.items()})
            yield from across(row, {"all": line.amount, "loans": line.loans})
    signs = {name: -1.0 if name == "recoveries" else 1.0 for name in BRIDGE}
    bridge = {words: signs[name] * getattr(result.profit, name) for name, words in BRIDGE.items()}
    yield from rows(found, "From the table to profit", bridge, {"amount": lambda value: value})
    yield from rows(
        found, "The several losses", {LOSSES[name]: item for name, item in result.losses.figures.items()},
        {"before guarantees": "gross", "net": "net"},
    )  # fmt: skip
    yield from rows(
        found, "Moves between stages",
        {f"{move.origin} to {move.target}": move for move in result.stage_moves},
        {"allowance taken along": "transferred", "remeasured": "remeasured"},
    )  # fmt: skip
    yield from rows(
        found, "Segments that changed",
        {segment_words(name): part for name, part in result.by_segment.items()},
        {
            "opening": lambda part: part["opening"],
            "change": lambda part: part["closing"] - part["opening"],
            "closing": lambda part: part["closing"],
        },
    )  # fmt: skip


@of("JournalResult")
def journal(result: Any, found: list[Table]) -> Rows:
    posted = {"debit": "debit", "credit": "credit", "account": "account"}
    yield from rows(found, "Postings from", {one.entry: one for one in result.postings}, posted)
    total = {"debit": "total_debit", "credit": "total_credit"}
    yield from rows(found, "Postings from", {"total": result}, total)
    heads = ("opening", "debit", "credit", "closing")
    yield from rows(found, "Accounts", result.accounts, {head: head for head in heads})
    yield from facts(
        found, "Ties to",
        {
            "closing allowance": result.allowance,
            "closing gross carrying amount": result.gross_carrying_amount,
            "charge to profit": result.charge,
        },
    )  # fmt: skip
