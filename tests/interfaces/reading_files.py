"""What tables of tapes, logs, settings, pages and single loans must tell."""

from __future__ import annotations

from typing import Any

from loantwin.interfaces.report.labels import plain

from .reading import Rows, across, facts, in_order, of, rows
from .tables import Table, find


def itself(value: Any) -> Any:
    """Return what stands in a table as it stands in a mapping."""
    return value


@of("TapeCheck")
def tape(result: Any, found: list[Table]) -> Rows:
    counted = {"rows read": result.rows_read, "accepted": result.accepted_rows, "rejected": result.rejected}
    totals = {plain(name): value for name, value in result.totals.items()}
    yield from facts(found, "Tape, format", counted | {"loans": result.loans} | totals)
    yield from rows(found, "Loans by status", result.loan_count_by_status, {"loans": itself})
    yield from rows(found, "Rejected", result.rejections, {"rows": itself})
    yield from rows(found, "Kept with", result.warnings, {"rows": itself})


@of("TwinCreated")
def twin(result: Any, found: list[Table]) -> Rows:
    yield from tape(result, found)
    placed = ("on_book", "not_yet_on_book", "closed_before_as_of", "undated")
    yield from facts(found, "At the end of", {plain(name): getattr(result, name) for name in placed})


@of("TapeMap")
def mapped(result: Any, found: list[Table]) -> Rows:
    told = {"rows": result.rows, "kind": result.kind, "decimal mark": result.decimal}
    told |= {"currency": result.currency, "date of the data": str(result.as_of)}
    yield from facts(found, "Tape", told | {"built-in format": ", ".join(result.formats)})
    shown = {"column": "source", "sample": lambda item: item.samples[0], "sure": "confidence"}
    yield from rows(found, "What its columns mean", result.columns, shown)
    yield from rows(found, "Assumed for every row", result.assumed, {"value": itself})


@of("SyntheticSummary")
def synthetic(result: Any, found: list[Table]) -> Rows:
    names = ("loans", "loan_months", "originated", "defaults", "charged_off")
    told = {plain(name): getattr(result, name) for name in names}
    yield from facts(found, "Synthetic book", told | {"balance at the end": result.balance})


@of("ConfigShown")
def settings(result: Any, found: list[Table]) -> Rows:
    yield from rows(found, "Settings", result.settings, {"value": "value", "set by": "origin"})


@of("DemoDone")
def demo(result: Any, found: list[Table]) -> Rows:
    head = f"Demo on {result.loans:,} loans, {result.loan_months:,} loan months, as of {result.as_of}"
    yield from facts(found, head, result.figures)
    yield from rows(found, "Seconds by step", result.seconds, {"seconds": itself})
    yield from rows(found, "Seconds by step", {"all": sum(result.seconds.values())}, {"seconds": itself})


@of("ReportWritten")
def report(result: Any, found: list[Table]) -> Rows:
    title = f"Report written to {result.path} ({result.size / 1e6:.1f} MB)"
    yield from facts(found, title, result.figures)


@of("LogVerification")
def log(result: Any, found: list[Table]) -> Rows:
    told = {"home": result.home, "events": result.events, "last hash": result.head}
    yield from facts(found, "The log is sound", told | {"files missing": len(result.missing)})
    yield from rows(found, "Events by type", result.by_type, {"events": itself})


@of("WhyResult")
def why(result: Any, found: list[Table]) -> Rows:
    told = {"in the document": repr(result.recorded), "made anew": repr(result.derived)}
    yield from facts(found, f"{result.key} of {result.file}", told | {"same to the last bit": "yes"})
    lines = in_order(find(found, "Made of"), len(result.parents))
    for one, row in zip(result.parents, lines, strict=True):
        yield from across(row, {"what": one.kind, "name": one.name, "same": "yes"})
        yield from across(row, {"in the document": one.recorded, "now": one.found})


@of("Dossier")
def dossier(result: Any, found: list[Table]) -> Rows:
    yield from rows(
        found, "IFRS 9 allowance when", {item.component: item for item in result.materiality},
        {"allowance": "allowance", "change, % of the allowance": "change"},
    )  # fmt: skip
    spread = f"spread over {len(result.stability.thins)} halves of the loans"
    told = {"stated by the model": result.stability.stated, spread: result.stability.spread}
    yield from facts(found, "Stability", told)


@of("ComplianceResult")
def compliance(result: Any, found: list[Table]) -> Rows:
    yield from rows(
        found, "Rules in force", {item.article: item for item in result.rules},
        {
            "test": lambda item: "passed",
            "looked at": "looked_at",
            "in force from": lambda item: str(item.first),
        },
    )  # fmt: skip


@of("LoanShown")
def loan(result: Any, found: list[Table]) -> Rows:
    told = {row[0]: row[1] for row in find(found, "Loan L1").cells}
    yield from across(told, {name: value for name, value in result.loan.items() if name != "loan_id"})
    lines = in_order(find(found, "By month"), len(result.history))
    for row, month in zip(lines, result.history, strict=True):
        yield from across(row, {name.replace("_", " "): value for name, value in month.items()})
