"""Tables of `loantwin fit`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import percent, show_facts, show_notes, show_table


def render(console: Console, result: Any) -> None:
    """Print the transitions fitted, macro effects, the period effect, losses and the generator."""
    rows = [
        (
            edge.edge,
            "assumed" if edge.assumed else f"{edge.events:,.0f}",
            "" if edge.assumed else f"{edge.effective_events:,.0f}",
            f"{edge.loan_months:,.0f}",
        )
        for edge in result.edges
    ]
    show_table(
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
            show_table(
                console,
                f"Macro effects on {edge.edge} (log-odds for one standard deviation)",
                ("covariate", "estimate, log-odds", "90 % interval"),
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
    show_table(
        console,
        "Period effect that macro does not explain" if result.covariates else "Period effect",
        ("factor", "persistence a month", "innovation, log-odds", "level now, log-odds"),
        levels,
    )
    share = result.loss_given_default
    losses = [
        (
            name.replace("_", " "),
            *_told(share[name], share["defaults"]),
            percent(share[name]["used"]),
        )
        for name in ("charged_off", "recovered")
    ]
    show_table(
        console,
        "Loss given default, share of exposure",
        ("", "observed" if share["defaults"] else "believed", "90 % interval", "used, after the prior"),
        losses,
    )
    made = result.generator
    if made["factors"]:
        show_facts(
            console,
            "Macro generator",
            {
                "factors": f"{len(made['factors'])}",
                "quarters": f"{made['quarters']}",
                "largest root": f"{made['largest_root']:.3f}",
            },
        )
    if result.learnt_from:
        _show_sources(console, result.learnt_from)
    show_notes(console, "Too few events, prior only", result.prior_only)
    show_notes(console, "Notes", result.notes)


def _show_sources(console: Console, learnt: Any) -> None:
    """Print which share of each transition's level rests on other books, and by how much books differ."""
    names = ", ".join(f"{one['home']} ({one['as_of']})" for one in learnt["sources"])
    rows = []
    for edge, share in learnt["share"].items():
        between = learnt["between"][edge]
        rows.append(
            (
                edge,
                percent(share),
                f"{between['deviation']:.2f}",
                "assumed" if between["assumed"] else "estimated",
            )
        )
    show_table(
        console,
        f"Learnt from {names}",
        ("transition", "share of its level", "books differ by, log-odds", ""),
        rows,
    )


def _told(item: Any, defaults: int) -> tuple[str, str]:
    """Return a share and its interval in words: none observed is no share of nothing."""
    if defaults and not item.get("observed", True):
        return "none observed", "–"
    return percent(item["value"]), f"{percent(item['low'])} to {percent(item['high'])}"
