"""The section of a stress test that says how sure its figures are, and how much of them is belief."""

from __future__ import annotations

from loantwin.interfaces.report.blocks import PageBlock, Section, amount, bullets, heading, percent, table
from loantwin.interfaces.report.labels import plain
from loantwin.interfaces.report.stress.figures import FIGURES
from loantwin.risk.stress.bands import BandCheck
from loantwin.risk.stress.stress import StressResult


def certainty(result: StressResult) -> Section | None:
    """Return the section; None where the model keeps neither its errors nor its priors, nor a band."""
    blocks = [*_intervals(result), *_bands(result), *_beliefs(result)]
    if not blocks:
        return None
    return Section("certainty", "How sure", _lead(result), tuple(blocks))


def _lead(result: StressResult) -> str:
    found = [many["defaulted"] for many in result.multiples.values() if "defaulted" in many]
    shares = [many.prior_share for many in found if many.prior_share is not None]
    if not shares:
        return "Intervals by parameters and period effect, the scenario given."
    return (
        f"Of what the scenarios make of the baseline's defaults up to {_share(max(shares))} is belief: "
        "what was "
        "published of such loans, or assumed, rather than what this book's own history taught."
    )


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}".replace("%", " %")


def change(before: float, after: float) -> str:
    """Return a relative change as a signed percentage; what rounds to nothing has no sign."""
    if not before:
        return "–"
    moved = round(100.0 * (after / before - 1.0))
    return f"{moved:+d} %" if moved else "0 %"


def _intervals(result: StressResult) -> list[PageBlock]:
    rows = []
    for name, item in result.scenarios.items():
        for figure, words in FIGURES.items():
            found = item.interval.get(figure)
            if found is None:
                continue
            many = result.multiples.get(name, {}).get(figure)
            rows.append(
                (
                    f"{name}: {words}",
                    amount(getattr(item, figure)),
                    f"{amount(found.p05)} to {amount(found.p95)}",
                    _share(item.prior_share.get(figure)),
                    "–" if many is None else f"{many.value:.2f} ({many.p05:.2f} to {many.p95:.2f})",
                    "–" if many is None else _share(many.prior_share),
                )
            )
    if not rows:
        return []
    columns = ("figure", "mean", "90 % interval", "belief", "times the baseline's", "belief in that")
    caption = (
        "Interval: what is not known of parameters and of the period effect, given the scenario. Belief: the "
        "share of the variance believed before the data that is left after them; 100 % where they taught "
        "nothing."
    )
    return [table(columns, rows, caption=caption)]


def _bands(result: StressResult) -> list[PageBlock]:
    if not result.bands:
        return []
    columns = ("nine quarters", "kind of loan", "loss rate", "band", "baseline", "worst year's default rate")
    rows = [
        (
            name,
            item.kind or "not told by the tape",
            percent(item.rate, 1),
            _band(item),
            percent(item.baseline_rate, 1),
            percent(item.worst_year_default_rate, 1),
        )
        for name, item in result.bands.items()
    ]
    caption = (
        "Losses of the first 27 months' defaults over their mean balance. The bands are of large banks' "
        "books under the supervisors' severely adverse scenarios, 2013 to 2026: a rate outside is explained, "
        "it fails nothing."
    )
    made = [table(columns, rows, caption=caption)]
    why = [f"{name}: {words}." for name, item in result.bands.items() for words in item.why]
    return [*made, heading("Outside the band because"), bullets(why)] if why else made


def _band(item: BandCheck) -> str:
    if item.low is None or item.high is None:
        return "–"
    return f"{100 * item.low:.0f} to {100 * item.high:.0f} %, {'inside' if item.inside else 'outside'}"


def _beliefs(result: StressResult) -> list[PageBlock]:
    made: list[PageBlock] = []
    for item in result.beliefs:
        rows = [
            (
                f"{name}: {FIGURES[figure]}",
                amount(found["before"]),
                amount(found["after"]),
                change(found["before"], found["after"]),
            )
            for name, figures in item.figures.items()
            for figure, found in figures.items()
        ]
        caption = f"{item.unit}; {item.basis}: {item.source}. The book in run-off."
        made += [
            heading(f"{plain(item.name).capitalize()}: {item.asked:g} instead of {item.believed:g}"),
            table(("figure", "as believed", "moved", "change"), rows, caption=caption),
        ]
    return made
