"""The dossier's sections, drawn from the evidence."""

from __future__ import annotations

from collections.abc import Sequence

from loantwin.interfaces.report import charts
from loantwin.interfaces.report.blocks import (
    PageBlock,
    Section,
    amount,
    bullets,
    details,
    heading,
    note,
    percent,
    pictures,
    table,
    text,
)
from loantwin.interfaces.report.labels import counted, covariate_words, edge_words, plain
from loantwin.interfaces.report.validate.evidence import YEAR, Evidence
from loantwin.interfaces.report.validate.findings import EXACT, SEVERITIES, WIDER, Finding
from loantwin.interfaces.report.validate.inventory import Component
from loantwin.performance.backtest.scores import BacktestScore

VIEWS = {"given_macro": "the economy that came", "generated_macro": "generated economies"}


def findings_section(made: Sequence[Finding]) -> Section:
    """Return the findings, each with what it rests on, its owner and its date."""
    if not made:
        return Section("findings", "Findings", "None: no rule of this dossier was broken.", ())
    rows = [
        (f"{item.id}, {item.severity}", item.text, item.evidence, item.owner, item.due.isoformat())
        for item in made
    ]
    count = ", ".join(
        counted(sum(item.severity == name for item in made), f"{name} one", f"{name} ones")
        for name in SEVERITIES
        if any(item.severity == name for item in made)
    )
    days = ", ".join(f"{name} {months} months" for name, months in SEVERITIES.items())
    blocks = (
        table(
            ("no., severity", "finding", "what it rests on", "owner", "answer by"),
            rows,
            words=(0, 1, 2, 3, 4),
        ),
        text(
            f"Time to answer is an assumption: {days}. Rules that raise findings stand in docs/validate.md."
        ),
    )
    return Section("findings", "Findings", f"{counted(len(made), 'finding')}: {count}.", blocks)


def inventory_section(found: Evidence, parts: Sequence[Component]) -> Section:
    """Return the model's components with what rests on them, and what moving each does to the allowance."""
    was = found.on_path
    blocks = [
        table(
            ("component", "form", "rests on", "decides"),
            [(item.name, item.form, item.basis, item.decides) for item in parts],
            words=(0, 1, 2, 3),
        ),
        heading("Materiality: the allowance when one component is moved"),
        pictures(
            (
                charts.bars(
                    "Change of the IFRS 9 allowance",
                    [item.component for item in found.moved],
                    [item.allowance - was for item in found.moved],
                    unit=found.twin.currency,
                ),
                "Each component moved alone by the step in the table.",
            )
        ),
        table(
            (
                "component",
                "step",
                f"allowance, {found.twin.currency}",
                "change of the allowance",
                "materiality",
            ),
            [
                (item.component, item.step, amount(item.allowance), percent(item.change, 1), item.materiality)
                for item in found.moved
            ],
            words=(0, 1, 4),
            caption=f"On the generator's expected path; as it is: {amount(was)} {found.twin.currency}.",
        ),
    ]
    lead = "What the model is made of, on what each part rests, and how much money hangs on it."
    return Section("inventory", "Inventory and materiality", lead, tuple(blocks))


def lineage_section(found: Evidence) -> Section:
    """Return where model and data came from, by hash."""
    told = found.twin.provenance()
    rows = [
        (plain(name), ", ".join(map(edge_words, value)) if name == "prior_only" else _listed(value))
        for name, value in told.items()
        if name != "settings" and value not in (None, [])
    ]
    made = found.twin.model.provenance
    rows += [(f"fitted with {name}", str(version)) for name, version in made.get("versions", {}).items()]
    settings = [(name, str(value)) for name, value in told["settings"].items()]
    blocks = (table(("", ""), rows, words=(0, 1)), details("Settings", table(("setting", "value"), settings)))
    lead = "Every input lies in the twin's home under its hash; log verify proves that none was changed."
    return Section("lineage", "Lineage", lead, blocks)


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def concept_section(found: Evidence) -> Section:
    """Return what the model says, and how much of it is the lender's own experience."""
    model = found.twin.model
    record = model.diagnostics
    sample = record["sample"].items()
    rows = [
        (
            edge_words(str(edge["edge"])),
            f"{edge['events']:,.0f}",
            f"{edge['loan_months']:,.0f}",
            "assumed"
            if edge["assumed"]
            else "prior alone"
            if edge["edge"] in model.prior_only
            else "own events, prior beside",
        )
        for edge in record["edges"]
    ]
    choices = [
        f"states: {', '.join(map(plain, model.parameters.states))}",
        f"period effects that the economy does not explain: {', '.join(model.parameters.latents) or 'none'}",
        "economy: " + (", ".join(covariate_words(item.name) for item in model.covariates) or "none"),
        *record["notes"],
    ]
    blocks: list[PageBlock] = [
        text(
            "Loans of a segment and age move between states by a multinomial logit: the log-odds of each "
            "move are an age curve, a segment's effect, effects of the economy and a period effect that "
            "persists. Loss given default and its lags follow the first entry to default. Formulas: "
            "docs/models.md."
        ),
        bullets(choices),
        table(("move", "events", "loan-months", "rests on"), rows, words=(0, 3)),
        table(("what the fit saw", ""), [(plain(str(name)), _figure(value)) for name, value in sample]),
    ]
    return Section("concept", "Concept", "What is modelled, and what each part has seen.", tuple(blocks))


def _figure(value: object) -> str:
    if not isinstance(value, int | float):
        return str(value)
    return f"{value:,.0f}" if value == round(value) else f"{value:,.4g}"


def data_section(found: Evidence) -> Section:
    """Return what was refused, what was doubted, and what is missing."""
    read = int(found.twin.loaded.data.get("rows_read", 0))
    blocks: list[PageBlock] = []
    for title, rules in (("rejected", found.rejected), ("kept with a warning", found.warned)):
        if rules:
            rows = [
                (plain(rule), f"{count:,}", percent(count / max(read, 1))) for rule, count in rules.items()
            ]
            blocks.append(table((f"rule, {title}", "rows", "of all rows"), rows))
    blocks.append(
        table(
            ("field", "missing on the book"),
            [(plain(name), percent(share, 1)) for name, share in found.missing.items()],
        )
    )
    seen = ", ".join(map(plain, found.twin.mapping.observes)) or "nothing of the outcome"
    lead = f"{read:,} rows read; the source observes: {seen}."
    return Section("data", "Data quality", lead, tuple(blocks))


def outcomes_section(found: Evidence) -> Section:
    """Return forecasts beside what came, and whether intervals held."""
    title = "Outcomes"
    if found.backtest is None:
        return Section("outcomes", title, "", (note(f"No backtest: {found.backtest_gap}"),))
    blocks: list[PageBlock] = []
    for view, words in VIEWS.items():
        rows = [
            (plain(figure), horizon, *_outcome(score))
            for figure, scores in getattr(found.backtest, view).figures.items()
            for horizon, score in scores.items()
        ]
        columns = (
            "figure", "months", "accuracy", "bias", "inside 90 %", "its 90 % interval", "verdict", "events",
            "origins",
        )  # fmt: skip
        said = "No interval of the share inside, –, where every origin says the same or there is but one."
        blocks += [heading(f"Given {words}"), table(columns, rows, words=(0, 6), caption=said)]
    dates = ", ".join(item.date.isoformat() for item in found.backtest.origins)
    lead = (
        f"The model fitted again at {dates} on what was known then, forecasts beside what came. Accuracy: 1 "
        "less the absolute errors over what came; the best reach is below 1, because names have luck."
    )
    return Section("outcomes", title, lead, tuple(blocks))


def _outcome(score: BacktestScore) -> tuple[str, ...]:
    if not score.observations:
        return ("–", "–", "–", "–", "not scored", "–", f"{score.origins}")
    low, high = score.coverage90_untied_low, score.coverage90_untied_high
    return (
        "–" if score.accuracy is None else f"{score.accuracy:.2f}",
        "–" if score.bias is None else f"{_signed(100 * score.bias, 0)} %",
        "–" if score.coverage90_untied is None else f"{score.coverage90_untied:.2f}",
        "–" if low is None or high is None or low == high else f"{low:.2f} to {high:.2f}",
        score.verdict,
        f"{score.events:,.0f}",
        f"{score.origins}",
    )


def _signed(value: float, decimals: int = 2) -> str:
    """Return a difference with its sign, none where it rounds to nothing."""
    text = f"{value:+,.{decimals}f}"
    return text if float(text.replace(",", "")) else text[1:]


def benchmarks_section(found: Evidence) -> Section | None:
    """Return the best of the simple rivals beside the twin."""
    if found.backtest is None:
        return None
    rows = []
    for figure, scores in found.backtest.given_macro.figures.items():
        for horizon, score in scores.items():
            rivals = {
                name: item
                for name, item in score.rival_scores.items()
                if not item.holds_twin and item.accuracy is not None
            }
            if not rivals or score.accuracy is None:
                continue
            name, best = max(rivals.items(), key=lambda pair: pair[1].accuracy or 0.0)
            between = (
                "–"
                if best.difference_low is None or best.difference_high is None
                else f"{_signed(best.difference_low)} to {_signed(best.difference_high)}"
            )
            rows.append(
                (
                    plain(figure),
                    horizon,
                    f"{score.accuracy:.2f}",
                    name,
                    f"{best.accuracy:.2f}",
                    _signed(score.accuracy - (best.accuracy or 0.0)),
                    between,
                )
            )
    columns = ("figure", "months", "twin", "best rival", "its accuracy", "difference", "90 % interval")
    lead = "Each rival sees the same loans and dates; where one wins, it stands here with its sign."
    return Section("benchmarks", "Benchmarks", lead, (table(columns, rows, words=(0, 3)),))


def sensitivity_section(found: Evidence) -> Section | None:
    """Return a year's figures with interval and prior share, and what each factor of the economy does."""
    made = found.stress
    if made is None:
        return None
    blocks: list[PageBlock] = []
    for name, item in made.scenarios.items():
        rows = [
            (
                plain(figure),
                amount(getattr(item, figure)),
                f"{amount(between.p05)} to {amount(between.p95)}",
                "–" if (share := item.prior_share.get(figure)) is None else percent(share, 0),
            )
            for figure, between in item.interval.items()
        ]
        columns = (f"{name}, {made.months} months", found.twin.currency, "90 % interval", "prior share")
        if rows:
            blocks.append(table(columns, rows, words=(0, 2)))
    figures = ("defaulted", "charged_off", "allowance")
    moves = [
        (
            plain(item.factor),
            item.words,
            *(f"{item.up[name]:+,.0f}" for name in figures),
            *(f"{item.down[name]:+,.0f}" for name in figures),
        )
        for item in made.sensitivities
    ]
    if moves:
        heads = tuple(plain(name) for name in figures)
        blocks += [
            heading("One factor of the economy at a time, against the expected path"),
            table(
                ("factor", "moved by", *heads, *(f"{name}, opposite" for name in heads)),
                moves,
                words=(0, 1),
                caption=f"Changes in {found.twin.currency} over {made.months} months; opposite: the factor "
                "moved the other way.",
            ),
        ]
    lead = (
        "Prior share: the variance that data left of a figure's logarithm over the variance that was "
        "believed before; 100 % where the data taught nothing (docs/stress.md)."
    )
    return Section("sensitivity", "Sensitivity and prior share", lead, tuple(blocks))


def stability_section(found: Evidence) -> Section:
    """Return how far the level hangs on which loans were seen."""
    made = found.stability
    if made.spread is None or made.stated is None:
        return Section(
            "stability", "Stability over thins of the data", "", (note(made.gap or "No defaults."),)
        )
    labels = ["all loans", *(f"half {place}" for place in range(1, len(made.thins) + 1))]
    chart = charts.bars(
        f"Expected defaults in {made.months} months",
        labels,
        [made.whole, *made.thins],
        unit=found.twin.currency,
    )
    rows = [
        ("all loans", amount(made.whole), ""),
        *(
            (f"half {place}", amount(value), f"{100 * (value / made.whole - 1.0):+.1f} %")
            for place, value in enumerate(made.thins, start=1)
        ),
    ]
    words = (
        f"Spread of the halves about the whole {percent(made.spread, 1)}; what the model states of itself, "
        f"errors of estimation and the period effect's future, {percent(made.stated, 1)}. A spread above "
        f"{WIDER:g} times that would be a finding."
    )
    lead = "The model fitted again on random halves of the loans, each forecasting the whole book."
    blocks = (
        pictures((chart, words)),
        table(("fitted on", f"expected defaults, {found.twin.currency}", "against all"), rows),
    )
    return Section("stability", "Stability over thins of the data", lead, blocks)


def remade_section(found: Evidence) -> Section:
    """Return the figures made a second time in NumPy."""
    rows = [
        (item.figure, item.unit, f"{item.program:,.2f}", f"{item.oracle:,.2f}", f"{item.difference:+.1e}")
        for item in found.remade
    ]
    loans = found.remade[0].loans if found.remade else 0
    lead = (
        f"Made twice for {counted(loans, 'live loan')}, on three generated paths: by the program's compiled "
        f"kernels and by the readable NumPy statement of the model. A difference above {EXACT:.0e} would be "
        "a finding."
    )
    blocks = (
        table(("figure", "unit", "program", "oracle", "difference, relative"), rows, words=(0, 1)),
        text(
            "Both read the same parameters, loans as columns and month part of the odds: what is wrong there "
            "is in both, and is looked for under outcomes, data and concept."
        ),
    )
    return Section("remade", "Figures made twice", lead, blocks)


def limitations_section(found: Evidence) -> Section:
    """Return what the model cannot tell, and what is assumed."""
    twin = found.twin
    blocks: list[PageBlock] = [
        heading("Not observable"),
        bullets(tuple(map(plain, found.provisions.not_observable)) or ("–",)),
    ]
    assumed = twin.mapping.assumption_details
    if assumed:
        rows = [(name, item.value, item.unit, item.words) for name, item in assumed.items()]
        blocks += [
            heading("Assumed, because the tape does not tell"),
            table(("name", "value", "unit", "meaning"), rows, words=(0, 2, 3)),
        ]
    notes = (*found.notes, *(found.backtest.notes if found.backtest is not None else ()))
    if notes:
        blocks += [heading("Said by the program"), bullets(notes)]
    blocks += [heading("Rules of the allowance"), bullets(found.provisions.rules)]
    return Section("limitations", "Limitations", f"Horizon of the figures: {YEAR} months.", tuple(blocks))
