"""Results as tables people read: one function a kind of result."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from loantwin import months as calendar
from loantwin.types import Result

PIPED_WIDTH = 150
"""Columns of tables that go to a file or another program, where no terminal states its width."""


class _Output(Console):
    """A console that leaves a closed pipe to its caller, where rich would end the process as failed."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def render(result: Result) -> None:
    """Print a result on standard output."""
    console = _Output(width=None if sys.stdout.isatty() else PIPED_WIDTH)
    name = result.SCHEMA.split("/")[0]
    module = ELSEWHERE.get(name)
    shown = (
        RENDERERS.get(name, _anything) if module is None else import_module(f"{__package__}.{module}").render
    )
    shown(console, result)


def amount(value: float | None, decimals: int = 0) -> str:
    """Return money with thousands separators; a missing figure as a dash."""
    return "–" if value is None else f"{value:,.{decimals}f}"


def percent(value: float | None, decimals: int = 2) -> str:
    """Return a decimal as a percentage."""
    return "–" if value is None else f"{100 * value:.{decimals}f} %"


def _table(
    console: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, words: int = 1
) -> None:
    made = Table(header_style="dim", box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=any(columns))
    for place, name in enumerate(columns):
        right = place >= words
        made.add_column(escape(name), justify="right" if right else "left", overflow="fold", no_wrap=right)
    for row in rows:
        made.add_row(*(escape(cell) for cell in row))
    if made.row_count:
        console.print(Text(title, style="bold"), soft_wrap=True)
        console.print(made)
        console.print()


def _facts(console: Console, title: str, facts: Mapping[str, str]) -> None:
    _table(console, title, ("", ""), [(name, value) for name, value in facts.items()], words=1)


def _notes(console: Console, title: str, notes: Sequence[str]) -> None:
    if not notes:
        return
    console.print(Text(title, style="bold"))
    for note in dict.fromkeys(notes):
        console.print(Text(f"  - {note}"), soft_wrap=False)
    console.print()


def _tape(console: Console, result: Any) -> None:
    facts = {
        "rows read": f"{result.rows_read:,}",
        "accepted": f"{result.accepted_rows:,}",
        "rejected": f"{result.rejected:,}",
        "loans": f"{result.loans:,}",
    }
    if result.loan_months is not None:
        facts["loan months"] = f"{result.loan_months:,}"
    facts |= {
        name.replace("_", " "): f"{amount(value)} {result.currency}" for name, value in result.totals.items()
    }
    _facts(console, f"Tape, format {result.format}", facts)
    _table(
        console,
        "Loans by status",
        ("status", "loans"),
        [(name or "(none)", f"{count:,}") for name, count in result.loan_count_by_status.items()],
    )
    _table(
        console,
        "Rejected, by rule",
        ("rule", "rows"),
        [(name, f"{count:,}") for name, count in result.rejections.items()],
    )
    _table(
        console,
        "Kept with a warning, by rule",
        ("rule", "rows"),
        [(name, f"{count:,}") for name, count in result.warnings.items()],
    )
    if hasattr(result, "on_book"):
        where = {
            name.replace("_", " "): f"{getattr(result, name):,}"
            for name in ("on_book", "not_yet_on_book", "closed_before_as_of", "undated")
        }
        _facts(console, f"At the end of {result.as_of.isoformat()}", where)
    assumed = [(name, str(item.value), item.unit, item.words) for name, item in result.assumptions.items()]
    _table(
        console,
        "Assumed, because the tape does not tell (--assume NAME=VALUE overrides)",
        ("name", "value", "unit", "meaning"),
        assumed,
        words=4,
    )
    _notes(console, "Read this", result.statements)


def _fit(console: Console, result: Any) -> None:
    rows = [
        (
            edge.edge,
            "assumed" if edge.assumed else f"{edge.events:,.0f}",
            "" if edge.assumed else f"{edge.effective_events:,.0f}",
            f"{edge.loan_months:,.0f}",
        )
        for edge in result.edges
    ]
    _table(
        console,
        f"Transitions fitted as of {result.as_of.isoformat()}",
        ("transition", "events", "effective", "loan months at risk"),
        rows,
    )
    for edge in result.edges:
        if edge.macro and not edge.assumed:
            effects = [
                (name, f"{item['value']:+.3f}", f"{item['low']:+.3f} to {item['high']:+.3f}")
                for name, item in edge.macro.items()
            ]
            _table(
                console,
                f"Macro effects on {edge.edge} (log-odds for one standard deviation)",
                ("covariate", "estimate", "90 % interval"),
                effects,
            )
    levels = [
        (
            name,
            f"{item['phi']:.3f}",
            f"{item['sigma']:.3f}",
            f"{item['level']:+.2f} ± {item['level_deviation']:.2f}",
        )
        for name, item in result.levels.items()
    ]
    _table(
        console,
        "Period effect that macro does not explain",
        ("factor", "persistence a month", "innovation", "level now"),
        levels,
    )
    share = result.loss_given_default
    losses = [
        (
            name.replace("_", " "),
            percent(share[name]["value"]),
            f"{percent(share[name]['low'])} to {percent(share[name]['high'])}",
            percent(share[name]["used"]),
        )
        for name in ("charged_off", "recovered")
    ]
    _table(
        console,
        "Loss given default, share of exposure",
        ("", "observed", "90 % interval", "used, after the prior"),
        losses,
    )
    made = result.generator
    _facts(
        console,
        "Macro generator",
        {
            "factors": f"{len(made['factors'])}",
            "quarters": f"{made['quarters']}",
            "largest root": f"{made['largest_root']:.3f}",
        },
    )
    _notes(console, "Too few events, prior only", result.prior_only)
    _notes(console, "Notes", result.notes)


def _forecast(console: Console, result: Any) -> None:
    names = ("balance", "scheduled_principal", "prepaid", "interest", "defaulted", "charged_off", "recovered")
    economy = result.scenario or "paths of the generator"
    every = 1 if len(result.months) <= 13 else 3
    rows = [
        (month.month, *(amount(getattr(month, name).mean) if getattr(month, name) else "–" for name in names))
        for place, month in enumerate(result.months)
        if (place + 1) % every == 0 or place == 0
    ]
    title = (
        f"Forecast from {result.as_of.isoformat()}, {result.currency}, economy: {economy}, {result.paths:,} "
        "paths (means)"
    )
    _table(console, title, ("month", *(name.replace("_", " ") for name in names)), rows)
    total = [
        (name.replace("_", " "), amount(item.mean), f"{amount(item.p05)} to {amount(item.p95)}")
        if item
        else (name.replace("_", " "), "–", "the source cannot tell")
        for name, item in result.totals.items()
    ]
    _table(
        console,
        f"Over {len(result.months)} months (balance: at the end)",
        ("figure", "mean", "90 % interval"),
        total,
    )
    if result.assumed:
        _notes(
            console,
            "Assumed, not observed by the source",
            [", ".join(name.replace("_", " ") for name in result.assumed)],
        )
    _notes(console, "Notes", [*result.notes, "the intervals hold: " + ", ".join(result.interval_sources)])


def _config(console: Console, result: Any) -> None:
    rows = [(name, str(item.value), item.origin) for name, item in result.settings.items()]
    _table(console, "Settings", ("name", "value", "from"), rows, words=3)


def _log(console: Console, result: Any) -> None:
    missing = f"{len(result.missing):,}"
    facts = (
        ("home", result.home),
        ("events", f"{result.events:,}"),
        ("last hash", result.head),
        ("files missing", missing),
    )
    _table(console, "The log is sound" if result.ok else "The log is damaged", ("", ""), facts, words=2)
    _table(
        console,
        "Events by type",
        ("type", "events"),
        [(name, f"{count:,}") for name, count in result.by_type.items()],
    )
    _notes(console, "Problems", result.problems)
    _notes(console, "Missing", result.missing)
    _notes(console, "Files that no event names (left by interrupted work; harmless)", result.unreferenced)


def _report(console: Console, result: Any) -> None:
    _facts(console, f"Report written to {result.path} ({result.size / 1e6:.1f} MB)", result.figures)
    _next(console, [f"open {result.path} in a browser; it needs no network"])


def _synthetic(console: Console, result: Any) -> None:
    facts = {
        "history": f"{result.first_month} to {result.last_month}",
        "loans": f"{result.loans:,}",
        "loan months": f"{result.loan_months:,}",
        "originated": amount(result.originated),
        "balance at the end": amount(result.balance),
        "defaults": f"{result.defaults:,}",
        "charged off": amount(result.charged_off),
    }
    _facts(console, f"Synthetic book in {result.folder}, seed {result.seed}", facts)
    _counts(console, "Loans by status", ("status", "loans"), result.loan_count_by_status)
    _counts(console, "Faults planted in the tape, for the reader to find", ("fault", "rows"), result.planted)
    _table(console, "Files", ("file", "rows"), [(name, f"{count:,}") for name, count in result.files.items()])
    _next(console, _first_steps(Path(result.folder), result.files, result.last_month))


def _first_steps(folder: Path, files: Mapping[str, int], last_month: str) -> tuple[str, ...]:
    """Return the commands that make a fitted twin of a synthetic book."""
    tape = folder / ("tape.csv" if "tape.csv" in files else "loans.parquet")
    form = str(folder / "mapping.toml") if "mapping.toml" in files else "sba"
    as_of = calendar.end_of(calendar.parse_label(last_month)).isoformat()
    return (
        f"loantwin tape check {tape} --format {form}",
        f"loantwin twin create {folder / 'twin'} --tape {tape} --format {form} --as-of {as_of}",
        f"loantwin fit {folder / 'twin'} --macro {folder / 'macro.csv'}",
        f"loantwin report {folder / 'twin'} --out {folder / 'report.html'}",
    )


def _demo(console: Console, result: Any) -> None:
    months = "" if result.loan_months is None else f", {result.loan_months:,} loan months"
    _facts(console, f"Demo on {result.loans:,} loans{months}, as of {result.as_of}", result.figures)
    steps = [(name, f"{seconds:,.1f}") for name, seconds in result.seconds.items()]
    _table(
        console,
        "Seconds by step",
        ("step", "seconds"),
        [*steps, ("all", f"{sum(result.seconds.values()):,.1f}")],
    )
    console.print(Text(f"The report is {result.report}", style="bold"), soft_wrap=True)
    console.print()
    _next(console, result.next_steps)


def _counts(console: Console, title: str, columns: Sequence[str], counts: Mapping[str, int]) -> None:
    _table(
        console, title, columns, [(name.replace("_", " "), f"{count:,}") for name, count in counts.items()]
    )


def _next(console: Console, steps: Sequence[str]) -> None:
    if steps:
        console.print(Text("Next", style="bold"))
        for step in steps:
            console.print(Text(f"  {step}"), soft_wrap=True)


def _anything(console: Console, result: Any) -> None:
    document = result.to_dict()
    simple = {
        name: str(value)
        for name, value in document.items()
        if not isinstance(value, list | dict) and name != "schema"
    }
    _facts(console, str(document.get("schema", "")), simple)
    for name, value in document.items():
        if isinstance(value, list):
            _notes(console, name.replace("_", " "), [str(item) for item in value])
        elif isinstance(value, dict) and not name.startswith("_"):
            _facts(console, name.replace("_", " "), {str(key): str(item) for key, item in value.items()})


RENDERERS: dict[str, Callable[[Console, Any], None]] = {
    "loantwin.tape_check": _tape,
    "loantwin.twin": _tape,
    "loantwin.fit": _fit,
    "loantwin.forecast": _forecast,
    "loantwin.config": _config,
    "loantwin.log": _log,
    "loantwin.report": _report,
    "loantwin.synthetic": _synthetic,
    "loantwin.demo": _demo,
}

ELSEWHERE: dict[str, str] = {
    "loantwin.loss": "loss",
    "loantwin.loss-models": "loss",
    "loantwin.backtest": "backtest",
    "loantwin.backtest-rates": "backtest_rates",
    "loantwin.capital": "capital",
    "loantwin.capital-explanation": "capital",
    "loantwin.components": "components",
    "loantwin.movement": "movement",
    "loantwin.provisions": "provisions",
    "loantwin.concentration": "concentration",
    "loantwin.roll_rates": "curves",
    "loantwin.vintages": "curves",
    "loantwin.ratings": "ratings",
    "loantwin.sensitivity": "sensitivity",
    "loantwin.stress": "stress",
}
"""Results whose tables stand in a file of their own, by schema: the module beside this one with
`render(console, result)`.
"""
