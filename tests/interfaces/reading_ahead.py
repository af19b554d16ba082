"""What tables of forecasts, stress and losses must tell."""

from __future__ import annotations

from typing import Any

from loantwin.interfaces.report.labels import covariate_words, plain, segment_words

from .reading import Rows, across, ends, facts, in_order, of, rows
from .tables import Table, find

FIGURES = ("defaulted", "charged_off", "allowance", "net_interest_income")


@of("StressResult")
def stress(result: Any, found: list[Table]) -> Rows:
    yield from rows(
        found, "Stress over", result.scenarios,
        {**{plain(name): name for name in FIGURES}, "peak month of defaults": "peak_month"},
    )  # fmt: skip
    yield from rows(found, "Stress over", result.plausibility, {"distance": "distance"})
    sure = in_order(find(found, "How sure"), len(FIGURES) * len(result.scenarios))
    for item in result.scenarios.values():
        for figure in FIGURES:
            cells = list(next(sure).values())
            yield from zip(
                cells[1:3] + cells[4:5], (plain(figure), getattr(item, figure), item.prior_share[figure]),
                strict=True,
            )  # fmt: skip
            yield from ends(cells[3], item.interval[figure].p05, item.interval[figure].p95)
    low = {name: min(path.capital, key=lambda point: point.ratio) for name, path in result.paths.items()}
    yield from rows(
        found, "Common equity", {name: low[name] for name in result.scenarios},
        {"lowest": "ratio", "in": "month", "own funds there": "cet1"},
    )  # fmt: skip
    yield from rows(
        found, "Losses of nine quarters", {name: result.bands[name] for name in result.scenarios},
        {
            "loss, % of balance": "rate",
            "loss under baseline": "baseline_rate",
            "defaults in the worst year": "worst_year_default_rate",
        },
    )  # fmt: skip
    action = result.actions[0]
    shown = in_order(find(found, f"{action.name}:"), 2 * len(action.scenarios))
    for item in action.scenarios.values():
        for words, book in (("without", item.without), ("with", item.taken)):
            row = next(shown)
            assert words in row.values()
            figures = ("new_lending", "balance", "credit_loss", "net_interest_income", "profit", "cash_gap")
            yield from across(row, {plain(figure): getattr(book, figure) for figure in figures})
            yield row["lowest ratio"], book.lowest_ratio


@of("LossResult")
def loss(result: Any, found: list[Table]) -> Rows:
    level = f"{100 * result.confidence:g} %"
    for words, name in {
        "expected loss": "expected_loss",
        "standard deviation": "standard_deviation",
        "unexpected loss": "unexpected_loss",
        f"value at risk {level}": "var",
        f"expected shortfall {level}": "es",
    }.items():
        yield from rows(
            found, "Loss over", {words: result},
            {
                "net of guarantees": f"{name}.value",
                "standard error": f"{name}.standard_error",
                "gross": f"gross.{name}.value",
            },
        )  # fmt: skip
    yield from rows(
        found, "What each segment adds",
        {segment_words(name): item for name, item in result.by_segment.items()},
        {
            "expected loss": "expected_loss",
            "of VaR": "var",
            "of ES": "es",
            "% of ES": lambda item: item.es / result.es.value,
            "ES alone": "stand_alone_es",
            "ES without it, less": "marginal_es",
        },
    )  # fmt: skip
    yield from rows(
        found, "Names that add most", {item.name: item for item in result.top_names},
        {"exposure": "exposure", "expected loss": "expected_loss", "shortfall": "es"},
    )  # fmt: skip
    held = {
        "risk-weighted assets, standardised": result.supervisory.rwa,
        "regulatory capital": result.supervisory.capital,
    }
    yield from rows(found, "Beside what a supervisor holds", held, {"amount": lambda value: value})


@of("LossComparison")
def losses(result: Any, found: list[Table]) -> Rows:
    head, *lines = find(found, "Loss over").cells
    confidence = f"VaR {100 * result.confidence:g} %"
    assert head[:4] == ("model", "expected loss", "deviation", confidence)
    assert head[4:] == ("error", "ES", "error", "VaR, gross")
    for cells, (name, item) in zip(lines, result.models.items(), strict=True):
        told = (
            item.expected_loss.value, item.standard_deviation.value, item.var.value, item.var.standard_error,
            item.es.value, item.es.standard_error, item.gross.var.value,
        )  # fmt: skip
        yield from zip(cells, (name, *told), strict=True)


@of("Forecast")
def forecast(result: Any, found: list[Table]) -> Rows:
    months = {month.month: month for month in result.months}
    names = ("balance", "scheduled_principal", "prepaid", "interest", "defaulted", "charged_off", "recovered")
    yield from rows(found, "Forecast from", months, {plain(name): f"{name}.mean" for name in names})
    loans = {
        "live": "loans.mean",
        "defaulted": "defaulted_loans.mean",
        "charged off": "charged_off_loans.mean",
    }
    yield from rows(found, "Numbers of loans", months, loans)
    for name, month in months.items():
        for state in list(month.arrears)[1:]:
            cell = find(found, "Numbers of loans").row(name)[f"{plain(state)}, % of live"]
            yield cell, month.arrears[state].mean
    for name, item in result.totals.items():
        row = find(found, f"Over {len(result.months)} months").row(plain(name))
        yield row["mean"], item.mean
        yield from ends(row["90 % interval"], item.p05, item.p95)
    yield find(found, "Opening balance").row("live loans")["balance"], result.opening_balance


@of("ConcentrationResult")
def concentration(result: Any, found: list[Table]) -> Rows:
    for head, names in ((f"by {result.unit}", result.names), ("by connected group", result.connected.names)):
        told = {
            "names (weighted)": names.names,
            "Herfindahl index": names.herfindahl,
            "effective number of names": names.effective_number,
            "Gini coefficient": names.gini,
            "largest name": names.largest,
            **{f"largest {top}, % of exposure": value for top, value in names.top.items()},
        }
        yield from rows(found, "Concentration as of", told, {head: lambda value: value})
    shares = {"loans": "loans", "exposure": "exposure", "% of exposure": "share"}
    for name, sectors in result.sectors.items():
        yield from rows(found, f"By {name}:", sectors.sectors, shares)
    yield from rows(
        found, "Granularity adjustment", {item.method: item for item in result.granularity},
        {"fine book": "fine", "to add": "adjustment", "simplified": "simplified"},
    )  # fmt: skip


@of("SensitivityResult")
def sensitivity(result: Any, found: list[Table]) -> Rows:
    title = next(table.title for table in found if "live loans as of" in table.title)
    yield from rows(
        found, title, result.scenarios,
        {
            "expected loss": "value",
            "standard error": "standard_error",
            "error by transitions": "transitions",
            "error by loss given default": "severity",
        },
    )  # fmt: skip
    for name, item in result.scenarios.items():
        yield from ends(find(found, title).row(name)["90 % interval"], item.low, item.high)
        yield from rows(
            found, f"{name}: macro", {covariate_words(factor): one for factor, one in item.macro.items()},
            {"by one deviation": "by_deviation", "by 0.01 of the factor": lambda one: one.by_unit / 100.0},
        )  # fmt: skip
        for one, cells in zip(item.parameters, find(found, f"{name}: the ").cells[1:], strict=True):
            told = (one.kind, one.name, one.value, one.derivative, one.standard_error, one.by_standard_error)
            yield from zip(cells, told, strict=True)


@of("Simulated")
def simulated(result: Any, found: list[Table]) -> Rows:
    told = {name: getattr(result, name) for name in ("months", "paths", "loans")}
    yield from facts(found, "Simulated histories", {**told, "rows (loan-months)": result.loan_months})
