"""Tables of `loantwin fit`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import (
    count,
    percent,
    show_facts,
    show_line,
    show_notes,
    show_table,
)
from loantwin.interfaces.report.labels import covariate_words


def render(console: Console, result: Any) -> None:
    """Print what was learnt in a sentence, then transitions, macro and period effects, losses, generator."""
    show_line(console, opening(result))
    console.print()
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
    effects = [
        (
            edge.edge if place == 0 else "",
            covariate_words(name),
            f"{item['value']:+.3f}",
            f"{item['low']:+.3f} to {item['high']:+.3f}",
        )
        for edge in result.edges
        if not edge.assumed
        for place, (name, item) in enumerate(edge.macro.items())
    ]
    show_table(
        console,
        "Macro effects (log-odds for one standard deviation)",
        ("transition", "covariate", "estimate", "90 % interval"),
        effects,
        words=2,
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
    if result.score is not None:
        _show_score(console, result.score)
    if result.learnt_from:
        _show_sources(console, result.learnt_from)
    show_notes(console, "Too few events, prior only", result.prior_only)
    show_notes(console, "Notes", result.notes)


def opening(result: Any) -> str:
    """Return what was learnt in one sentence: how many default, what is lost then, what is prior.

    Loans are counted; the rate is defaults over loan months of live loans, a year of them.
    """
    if result.default_rate is not None:
        seen = f"{result.events:,.0f} in {result.live_months:,.0f} loan months"
        rate = f"{percent(result.default_rate, 1)} of loans {result.fate} a year ({seen})"
    else:
        rate = f"No loan was seen to {'default' if result.target == 'default' else 'be charged off'}"
    share = result.loss_given_default
    lost = f"{percent(share['charged_off']['used'], 0)} of their exposure is charged off"
    if share["recovered"].get("observed", True):
        lost += f" and {percent(share['recovered']['used'], 0)} recovered later"
    else:
        lost += ", recoveries are not observed"
    return f"{rate}; {lost}; {_prior(result)}."


def _prior(result: Any) -> str:
    """Return in words what is belief: severity, and how many transitions."""
    severity = not result.loss_given_default["defaults"] or "loss given default" in result.prior_only
    edges = {edge.edge for edge in result.edges}
    few = sum(name in edges for name in result.prior_only)
    said = [*(["severity"] if severity else []), *([f"{few} of {len(edges)} transitions"] if few else [])]
    assumed = [edge.edge for edge in result.edges if edge.assumed]
    beside = f"; {', '.join(assumed)} {'is' if len(assumed) == 1 else 'are'} assumed" if assumed else ""
    started = "" if result.prior is None else f", from the prior model {result.prior} on"
    if not said:
        other = "other " if assumed else ""
        return f"severity and every {other}transition are learnt from this book{started}{beside}"
    verb = "are" if few else "is"
    return f"{' and '.join(said)} {verb} a prior, not learnt{beside}"


def _show_score(console: Console, score: Any) -> None:
    """Print what the score counts in each transition, and its bands in the first year."""
    counted = [
        (name, f"{item['value']:+.3f}", f"{item['low']:+.3f} to {item['high']:+.3f}")
        for name, item in score.coefficients.items()
    ]
    show_table(
        console,
        f"The score {score.name} (log-odds for one of the score's)",
        ("transition", "coefficient", "90 % interval"),
        counted,
    )
    bands = [
        (
            str(item["band"]),
            count(item["loans"]),
            count(item["defaults"]),
            percent(item["observed"]),
            f"{percent(item['low'])} to {percent(item['high'])}",
            percent(item["twin"]),
            percent(item["score"]),
        )
        for item in score.bands
    ]
    heads = ("band", "loans", "defaults", "observed", "90 % interval", "twin", "score's own")
    show_table(console, "Default within 12 months of origination, by band of the score", heads, bands)
    slopes = {f"slope of the observed on the {name}'s": _slope(item) for name, item in score.slopes.items()}
    show_facts(console, "Calibration (1 is calibrated)", slopes)


def _slope(item: Any) -> str:
    if item is None:
        return "not shown: too few defaults"
    return f"{item['value']:.2f} ({item['low']:.2f} to {item['high']:.2f})"


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
