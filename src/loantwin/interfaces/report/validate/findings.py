"""What the evidence of a dossier says against the model, by stated rules, each with an owner and a date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from loantwin.interfaces.report.labels import counted, edge_words, plain
from loantwin.interfaces.report.validate.evidence import YEAR, Evidence
from loantwin.months import add_months
from loantwin.performance.backtest.scores import BacktestScore

SEVERITIES = {"high": 3, "medium": 6, "low": 12}
"""Severity -> months from the dossier's date to the day by which it is to be answered: an assumption."""
UNNAMED = "not named"
EXACT = 1e-9
"""Relative difference of a figure made twice from which it is an error, no rounding."""
REJECTED, MISSING = 0.01, 0.05
"""Shares of rows rejected, and of loans without a field, that are worth a finding."""
FAR, FAST = 0.15, 0.30
"""Shares by which counts or money may be off at twelve months before it is a medium, and a high, finding."""
BEHIND = -0.01
BELIEF = 0.5
"""Share of belief in a figure from which it is the prior's more than the data's."""
WIDER = 1.5
"""Spread over halves of the data, as a multiple of what the model states, from which it states too little."""
LEADING = ("defaults", "charge_offs")


@dataclass(frozen=True)
class Finding:
    """One finding. severity : high, medium or low. evidence : the figure it rests on, in words.

    raised : the dossier's day. due : by when the owner answers.
    """

    id: str
    severity: str
    section: str
    text: str
    evidence: str
    owner: str
    raised: dt.date
    due: dt.date


def findings(found: Evidence, owner: str, day: dt.date) -> tuple[Finding, ...]:
    """Return the findings, the gravest first."""
    rank = list(SEVERITIES)
    told = sorted(_told(found), key=lambda item: rank.index(item[0]))
    return tuple(
        Finding(
            f"F{place:02d}",
            severity,
            section,
            words,
            rests,
            owner,
            day,
            add_months(day, SEVERITIES[severity]),
        )
        for place, (severity, section, words, rests) in enumerate(told, start=1)
    )


Told = tuple[str, str, str, str]
"""Severity, section, text, evidence."""


def _told(found: Evidence) -> Iterator[Told]:
    yield from _oracle(found)
    yield from _outcomes(found)
    yield from _evidence_behind(found)
    yield from _stability(found)
    yield from _data(found)


def _oracle(found: Evidence) -> Iterator[Told]:
    for item in found.remade:
        if abs(item.difference) > EXACT:
            yield (
                "high",
                "remade",
                f"{item.figure}: the program and its NumPy oracle differ",
                f"{item.program:,.6g} against {item.oracle:,.6g}, relative {item.difference:.1e}",
            )


def _outcomes(found: Evidence) -> Iterator[Told]:
    if found.backtest is None:
        yield (
            "high",
            "outcomes",
            "Nothing shows how well this model foretells: there is no backtest",
            found.backtest_gap,
        )
        return
    unshown = []
    for figure, scores in found.backtest.given_macro.figures.items():
        for horizon, score in scores.items():
            yield from _score(figure, horizon, score)
            if figure in LEADING and (not score.observations or score.verdict == "not shown"):
                unshown.append(f"{plain(figure)} {horizon} months ({_behind(score)})")
    if unshown:
        yield (
            "low",
            "outcomes",
            "Whether the 90 % interval holds is not shown",
            ", ".join(unshown),
        )


def _behind(score: BacktestScore) -> str:
    if not score.observations:
        return "no origin that knew enough has a closed window"
    needed = "" if score.windows_needed is None else f", {score.windows_needed} more windows would tell"
    return f"{counted(score.origins, 'origin')}{needed}"


def _score(figure: str, horizon: str, score: BacktestScore) -> Iterator[Told]:
    name = f"{plain(figure)}, {horizon} months"
    if not score.observations:
        return
    behind = counted(score.origins, "origin")
    if score.bias is not None and abs(score.bias) > FAR and int(horizon) >= YEAR:
        yield (
            "high" if abs(score.bias) > FAST else "medium",
            "outcomes",
            f"{name}: forecasts are {'above' if score.bias > 0 else 'below'} what came",
            f"{100 * score.bias:+.0f} % over {behind}, given the economy that came",
        )
    if score.verdict == "misses":
        yield ("high", "outcomes", f"{name}: the 90 % interval does not hold", score.interval_verdict)
    for rival, item in score.rival_scores.items():
        if not item.holds_twin and item.difference_high is not None and item.difference_high < BEHIND:
            yield (
                "medium",
                "benchmarks",
                f"{name}: surely behind {rival}",
                f"accuracy {item.difference:+.3f}, 90 % interval {item.difference_low:+.3f} to "
                f"{item.difference_high:+.3f}",
            )


def _evidence_behind(found: Evidence) -> Iterator[Told]:
    model = found.twin.model
    if model.prior_only:
        default = [name for name in model.prior_only if name.endswith(f"-> {model.default_name}")]
        severe = bool(default) or any("given default" in name for name in model.prior_only)
        yield (
            "high" if severe else "medium",
            "concept",
            f"{counted(len(model.prior_only), 'part')} of the model rest on the prior alone",
            ", ".join(map(edge_words, model.prior_only)),
        )
    assumed = [edge["edge"] for edge in model.diagnostics.get("edges", ()) if edge["assumed"]]
    if assumed:
        yield (
            "medium",
            "concept",
            "Moves that are assumed, because the source does not show them",
            ", ".join(map(edge_words, assumed)),
        )
    if found.stress is not None:
        for item in found.stress.scenarios.values():
            believed = {
                name: share
                for name, share in item.prior_share.items()
                if share is not None and share > BELIEF
            }
            if believed:
                yield (
                    "medium",
                    "sensitivity",
                    "Figures that are belief more than evidence",
                    ", ".join(f"{plain(name)} {100 * share:.0f} % prior" for name, share in believed.items()),
                )
    gaps = [line.partition(":")[0] for line in found.provisions.not_observable]
    if gaps:
        yield (
            "low",
            "limitations",
            "What the source does not tell stands on assumptions or is absent",
            ", ".join(map(plain, gaps)),
        )


def _stability(found: Evidence) -> Iterator[Told]:
    made = found.stability
    if made.spread is None or made.stated is None:
        yield (
            "medium",
            "stability",
            "How far the level hangs on which loans were seen is not known",
            made.gap or "a half of the data gives no defaults",
        )
    elif made.spread > WIDER * made.stated:
        yield (
            "high",
            "stability",
            "Halves of the data disagree by more than the model says of itself",
            f"spread {100 * made.spread:.0f} %, stated {100 * made.stated:.0f} %",
        )


def _data(found: Evidence) -> Iterator[Told]:
    read = int(found.twin.loaded.data.get("rows_read", 0))
    rejected = sum(found.rejected.values())
    if read and rejected / read > REJECTED:
        yield (
            "medium",
            "data",
            f"{100 * rejected / read:.1f} % of the tape's rows are rejected",
            ", ".join(f"{plain(rule)} {rows:,}" for rule, rows in found.rejected.items()),
        )
    partly = {name: share for name, share in found.missing.items() if MISSING < share < 1.0}
    if partly:
        yield (
            "low",
            "data",
            "Fields that only some loans have",
            ", ".join(f"{plain(name)} {100 * share:.0f} % missing" for name, share in partly.items()),
        )
