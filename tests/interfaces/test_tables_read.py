"""Each figure of a result is found in its table under its own heading, in its own row.

Results are filled with figures that are all distinct, so that a figure under another's heading, a column too
far or rows turned round cannot pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from loantwin.interfaces.cli.tables.fit import opening
from loantwin.interfaces.report.labels import covariate_words, plain, segment_words
from loantwin.interfaces.report.movement import BRIDGE, LOSSES, WORDS
from loantwin.performance.backtest.parts import WORDS as PARTS
from loantwin.verbs.fit import FittedEdge

from .results import filled, kinds
from .tables import Table, find, number, printed, tables

Rows = Iterator[tuple[str, float | str | None]]
BY_NAME = {kind.__name__: kind for kind in kinds()}
CHECKS: dict[str, Callable[[Any, list[Table]], Rows]] = {}


def of(name: str) -> Callable[[Callable[[Any, list[Table]], Rows]], None]:
    def keep(check: Callable[[Any, list[Table]], Rows]) -> None:
        CHECKS[name] = check

    return keep


def shows(cell: str, value: float | str | None) -> bool:
    """Return whether a cell tells a value, to the last digit it shows."""
    if value is None:
        return cell == "–"
    if isinstance(value, str):
        return cell == value
    shown = cell.split(" %")[0].split(" ")[0].rstrip("*")
    decimals = len(shown.partition(".")[2])
    own = 100.0 * value if "%" in cell else value
    return abs(number(shown) - own) <= 0.500001 * 10.0**-decimals


def ends(cell: str, low: float, high: float) -> Rows:
    first, second = cell.split(" to ")
    yield (first, low)
    yield (second, high)


def across(row: Mapping[str, str], values: Mapping[str, Any]) -> Rows:
    for heading, value in values.items():
        assert heading in row, f"no heading {heading}: {list(row)}"
        yield row[heading], value


@of("StressResult")
def _stress(result: Any, found: list[Table]) -> Rows:
    names = ("defaulted", "charged_off", "allowance", "net_interest_income")
    sure = iter(find(found, "How sure").cells[1:])
    equity = find(found, "Common equity")
    bands = find(found, "Losses of nine quarters")
    for name, item in result.scenarios.items():
        row = find(found, "Stress over").row(name)
        yield from across(row, {plain(figure): getattr(item, figure) for figure in names})
        yield row["peak month of defaults"], item.peak_month
        yield row["distance"], result.plausibility[name].distance
        for figure in names:
            cells = next(sure)
            yield cells[1], plain(figure)
            yield cells[2], getattr(item, figure)
            yield from ends(cells[3], item.interval[figure].p05, item.interval[figure].p95)
            yield cells[4], item.prior_share[figure]
        low = min(result.paths[name].capital, key=lambda point: point.ratio)
        yield from across(
            equity.row(name), {"lowest": low.ratio, "in": low.month, "own funds there": low.cet1}
        )
        band = result.bands[name]
        yield from across(
            bands.row(name),
            {
                "loss, % of balance": band.rate,
                "loss under baseline": band.baseline_rate,
                "defaults in the worst year": band.worst_year_default_rate,
            },
        )
    action = result.actions[0]
    rows = iter(find(found, f"{action.name}:").cells[1:])
    heads = find(found, f"{action.name}:").cells[0]
    for item in action.scenarios.values():
        for words, book in (("without", item.without), ("with", item.taken)):
            row = dict(zip(heads, next(rows), strict=True))
            assert words in row.values()
            figures = ("new_lending", "balance", "credit_loss", "net_interest_income", "profit", "cash_gap")
            yield from across(row, {plain(figure): getattr(book, figure) for figure in figures})
            yield row["lowest ratio"], book.lowest_ratio


@of("CapitalResult")
def _capital(result: Any, found: list[Table]) -> Rows:
    for name, item in result.approaches.items():
        words = name.replace("-irb", " IRB")
        yield from across(
            find(found, f"{result.loans:,} loans").row(words),
            {
                "exposure, drawn": item.exposure,
                "exposure at default": item.ead,
                "RWA, no guarantees": item.rwa_before_guarantees,
                "RWA": item.rwa,
                "RWA, % of exposure at default": item.risk_weight,
                "capital": item.capital,
                "expected loss": item.expected_loss,
            },
        )
        for key, part in item.by_class.items():
            yield from across(
                find(found, f"By class, {words}").row(key),
                {
                    "loans": part.loans,
                    "exposure at default": part.ead,
                    "guaranteed": part.guaranteed,
                    "RWA": part.rwa,
                    "RWA, % of exposure at default": part.risk_weight,
                    "capital": part.capital,
                    "expected loss": part.expected_loss,
                },
            )
        for key, ratio in (("CET1", item.ratios.cet1), ("leverage", item.ratios.leverage)):
            yield from across(
                find(found, f"Ratios, {words}").row(key),
                {
                    "minimum": ratio.minimum,
                    "with buffers": ratio.with_buffers,
                    "headroom, money": ratio.headroom,
                    "% of RWA (leverage: of exposure)": ratio.value,
                },
            )
        floor = find(found, f"Output floor {item.output_floor.words}, {words}")
        yield floor.fact("internal RWA"), item.output_floor.internal
        yield floor.fact("floor"), item.output_floor.floor
        gap = find(found, f"Expected loss against provisions, {words}")
        yield gap.fact("eligible provisions"), item.provisions.provisions
        yield gap.fact("shortfall, deducted from CET1"), item.provisions.shortfall
        yield gap.fact("of it tier 2"), item.provisions.tier2
    for group in result.large_exposures.groups:
        row = find(found, "Largest of").row(", ".join(group.names))
        yield from across(
            row, {"exposure": group.exposure, "less guarantees": group.net, "loans": group.loans}
        )
        yield from across(row, {"% of the book": group.share_of_book, "% of tier 1": group.of_tier1})


def _provided(result: Any, found: list[Table], key: str, minimum: str = "allowance") -> Rows:
    for name, item in getattr(result, f"by_{key}").items():
        yield from across(
            find(found, f"By {key}").row(name.replace("_", " ")),
            {
                "loans": item.loans,
                "expected still there": item.weighted_loans,
                "exposure": item.exposure,
                minimum: item.allowance,
                "coverage, % of exposure": item.allowance / item.exposure,
            },
        )
    head = find(found, "Provisions under")
    yield head.fact("exposure"), result.exposure
    yield head.fact("coverage, of exposure"), result.allowance / result.exposure
    for name, item in result.by_scenario.items():
        row = find(found, "By scenario").row(name)
        yield from across(row, {"weight": item.weight, "allowance at full weight": item.allowance})


@of("Ifrs9Result")
def _ifrs9(result: Any, found: list[Table]) -> Rows:
    yield from _provided(result, found, "stage")
    head = find(found, "Provisions under")
    yield head.fact("allowance"), result.allowance
    yield head.fact("allowance before guarantees"), result.allowance_gross
    yield head.fact("overlays"), result.overlay_total
    yield head.fact("allowance with overlays"), result.allowance_with_overlays
    for stage, item in result.interest.items():
        row = find(found, "Interest revenue").row(stage)
        yield from across(row, {"carrying amount": item.carrying_amount, "interest": item.monthly_interest})
    for item in result.overlays:
        row = find(found, "Overlays").row(item.name)
        yield from across(row, {"modelled in scope": item.modelled, "adds": item.amount, "loans": item.loans})
    line = find(found, "Commitments of")
    yield line.fact("undrawn"), result.commitments.undrawn
    yield (
        line.fact("part of the allowance that the undrawn amounts cause"),
        result.commitments.provision,
    )


@of("CeclResult")
def _cecl(result: Any, found: list[Table]) -> Rows:
    yield from _provided(result, found, "pool")
    for name, item in result.methods.items():
        row = find(found, "By method").row(name)
        yield from across(row, {"allowance": item.allowance, "before guarantees": item.allowance_gross})
    worth = find(found, "Recoveries of")
    yield worth.fact("written off"), result.written_off.written_off
    yield worth.fact("recovered so far"), result.written_off.recovered
    yield worth.fact("still expected"), result.written_off.expected


@of("FiveLevelResult")
def _five(result: Any, found: list[Table]) -> Rows:
    yield from _provided(result, found, "class", "minimum")
    head = find(found, "Provisions under")
    yield head.fact("minimum by class"), result.allowance
    yield head.fact("minimum before guarantees"), result.allowance_gross
    ratios = find(found, "Supervisory ratios")
    yield ratios.fact("booked / non-performing balance"), result.coverage.provision_coverage
    yield ratios.fact("booked / balance"), result.coverage.loan_provision
    yield ratios.fact("what the booked allowance lacks"), result.coverage.shortfall
    yield ratios.fact("what it lacks to the minima by class"), result.coverage.minimum_shortfall


@of("ProvisionExplanation")
def _explained(result: Any, found: list[Table]) -> Rows:
    facts = find(found, f"Loan {result.loan} under")
    yield facts.fact("PD, 12 months"), result.pd_12m
    yield facts.fact("PD, remaining life"), result.pd_lifetime
    yield facts.fact("PD at recognition, same remaining life"), result.pd_at_recognition
    yield facts.fact("severity, of exposure"), result.severity
    yield facts.fact("gross carrying amount"), result.exposure
    yield facts.fact("allowance before guarantees"), result.allowance_gross
    yield facts.fact("allowance"), result.allowance
    for month in result.months:
        row = find(found, "Months that count").row(month.date)
        yield from across(
            row,
            {
                "PD": month.marginal_pd,
                "exposure": month.exposure,
                "severity, % of exposure": month.severity,
                "discount factor": month.discount,
                "loss": month.loss,
            },
        )


@of("LossResult")
def _loss(result: Any, found: list[Table]) -> Rows:
    figures = {
        "expected loss": "expected_loss",
        "standard deviation": "standard_deviation",
        "unexpected loss": "unexpected_loss",
        "value at risk": "var",
        "expected shortfall": "es",
    }
    for words, name in figures.items():
        label = f"{words} {100 * result.confidence:g} %" if name in ("var", "es") else words
        yield from across(
            find(found, "Loss over").row(label),
            {
                "net of guarantees": getattr(result, name).value,
                "standard error": getattr(result, name).standard_error,
                "gross": getattr(result.gross, name).value,
            },
        )
    for name, item in result.by_segment.items():
        yield from across(
            find(found, "What each segment adds").row(segment_words(name)),
            {
                "expected loss": item.expected_loss,
                "of VaR": item.var,
                "of ES": item.es,
                "% of ES": item.es / result.es.value,
                "ES alone": item.stand_alone_es,
                "ES without it, less": item.marginal_es,
            },
        )
    for item in result.top_names:
        row = find(found, "Names that add most").row(item.name)
        yield from across(row, {"exposure": item.exposure, "expected loss": item.expected_loss})
        yield row["shortfall"], item.es
    beside = find(found, "Beside what a supervisor holds")
    yield beside.row("risk-weighted assets, standardised")["amount"], result.supervisory.rwa
    yield beside.row("regulatory capital")["amount"], result.supervisory.capital


@of("LossComparison")
def _losses(result: Any, found: list[Table]) -> Rows:
    head, *rows = find(found, "Loss over").cells
    confidence = f"VaR {100 * result.confidence:g} %"
    assert head[:4] == ("model", "expected loss", "deviation", confidence)
    assert head[4:] == ("error", "ES", "error", "VaR, gross")
    for cells, (name, item) in zip(rows, result.models.items(), strict=True):
        yield cells[0], name
        told = (
            item.expected_loss.value,
            item.standard_deviation.value,
            item.var.value,
            item.var.standard_error,
            item.es.value,
            item.es.standard_error,
            item.gross.var.value,
        )
        yield from zip(cells[1:], told, strict=True)


@of("Forecast")
def _forecast(result: Any, found: list[Table]) -> Rows:
    names = ("balance", "scheduled_principal", "prepaid", "interest", "defaulted", "charged_off", "recovered")
    loans = {"live": "loans", "defaulted": "defaulted_loans", "charged off": "charged_off_loans"}
    for month in result.months:
        row = find(found, "Forecast from").row(month.month)
        yield from across(row, {plain(name): getattr(month, name).mean for name in names})
        row = find(found, "Numbers of loans").row(month.month)
        yield from across(row, {head: getattr(month, name).mean for head, name in loans.items()})
        for state in list(month.arrears)[1:]:
            yield row[f"{plain(state)}, % of live"], month.arrears[state].mean
    for name, item in result.totals.items():
        row = find(found, f"Over {len(result.months)} months").row(plain(name))
        yield row["mean"], item.mean
        yield from ends(row["90 % interval"], item.p05, item.p95)
    yield find(found, "Opening balance").row("live loans")["balance"], result.opening_balance


@of("MovementResult")
def _movement(result: Any, found: list[Table]) -> Rows:
    for title, lines in (
        ("IFRS 9 allowance from", result.table),
        ("Gross carrying amounts", result.gross_carrying),
        ("Every line", result.lines),
    ):
        for name, line in lines.items():
            row = find(found, title).row(WORDS[name])
            yield from across(row, {f"stage {stage}": value for stage, value in line.by_stage.items()})
            yield from across(row, {"all": line.amount, "loans": line.loans})
    for name, words in BRIDGE.items():
        value = getattr(result.profit, name)
        yield (
            find(found, "From the table to profit").row(words)["amount"],
            -value if name == "recoveries" else value,
        )
    for name, item in result.losses.figures.items():
        row = find(found, "The several losses").row(LOSSES[name])
        yield from across(row, {"before guarantees": item.gross, "net": item.net})
    for move in result.stage_moves:
        row = find(found, "Moves between stages").row(f"{move.origin} to {move.target}")
        yield from across(row, {"allowance taken along": move.transferred, "remeasured": move.remeasured})
    for name, part in result.by_segment.items():
        row = find(found, "Segments that changed").row(segment_words(name))
        change = part["closing"] - part["opening"]
        yield from across(row, {"opening": part["opening"], "change": change, "closing": part["closing"]})


@of("JournalResult")
def _journal(result: Any, found: list[Table]) -> Rows:
    for posting in result.postings:
        row = find(found, "Postings from").row(posting.entry)
        yield from across(row, {"debit": posting.debit, "credit": posting.credit, "account": posting.account})
    total = find(found, "Postings from").row("total")
    yield from across(total, {"debit": result.total_debit, "credit": result.total_credit})
    for name, account in result.accounts.items():
        row = find(found, "Accounts").row(name)
        yield from across(
            row, {head: getattr(account, head) for head in ("opening", "debit", "credit", "closing")}
        )
    tied = find(found, "Ties to")
    yield tied.fact("closing allowance"), result.allowance
    yield tied.fact("closing gross carrying amount"), result.gross_carrying_amount
    yield tied.fact("charge to profit"), result.charge


@of("AccountReplayed")
def _account(result: Any, found: list[Table]) -> Rows:
    stands = find(found, "The account on")
    yield stands.fact("owed in all"), result.outstanding
    yield stands.fact("past due"), result.past_due
    yield stands.fact("overpaid"), result.overpaid
    yield stands.fact("pays it off that day"), result.payoff.total
    yield stands.fact("interest saved"), result.interest_saved
    told = find(found, "Statement")
    yield told.fact("principal before"), result.statement.opening
    yield told.fact("paid in"), result.statement.paid
    yield told.fact("fell due"), result.statement.due
    yield told.fact("late now"), result.statement.past_due
    yield told.fact("principal now"), result.statement.closing
    for item in result.instalments:
        row = find(found, "Instalments").row(str(item.number))
        heads = {"asked": item.total, "paid": item.paid, "late": item.late, "in advance": item.in_advance}
        yield from across(row, {**heads, "unpaid": item.outstanding})


@of("ScheduleResult")
def _schedule(result: Any, found: list[Table]) -> Rows:
    for item in result.instalments:
        row = find(found, "What falls due").row(str(item.number))
        heads = {"payment": item.payment, "interest": item.interest, "principal": item.principal}
        yield from across(row, {**heads, "fees": item.fees, "balance after": item.closing})
    totals = find(found, "In all")
    yield totals.fact("you receive"), result.totals.disbursed
    yield totals.fact("you pay in all"), result.totals.payment
    yield totals.fact("of it interest"), result.totals.interest
    yield totals.fact("of it fees"), result.totals.fees
    yield totals.fact("the loan costs"), result.totals.cost
    yield totals.fact("left unpaid"), result.totals.left
    for item in result.rates.values():
        assert any(f"{item.shown} %" in row for row in find(found, "Cost a year").cells)


@of("Backtest")
def _backtest(result: Any, found: list[Table]) -> Rows:
    for view, words in (
        (result.given_macro, "given the macro path that came"),
        (result.generated_macro, "on generated macro paths"),
    ):
        scores, widths = (
            find(found, f"By origin and approval year, {words}"),
            find(found, f"Intervals, {words}"),
        )
        rows = zip(scores.cells[1:], widths.cells[1:], strict=True)
        for figure, by_month in view.figures.items():
            for month, item in by_month.items():
                own, other = next(rows)
                assert own[:2] == other[:2] == (figure.replace("_", "-"), month)
                row = dict(zip(scores.cells[0], own, strict=True))
                yield from across(row, {"twin": item.accuracy, **item.rivals, "bias": item.bias})
                yield from across(row, {f"floor, {name}": value for name, value in item.noise_floor.items()})
                yield from across(row, {"cells": item.observations, "events": item.events})
                row = dict(zip(widths.cells[0], other, strict=True))
                yield from across(
                    row,
                    {
                        "came inside the 50 %": item.coverage50,
                        "came inside the 90 %": item.coverage90,
                        "without ties": item.coverage90_untied,
                        "width 90 %": item.width90,
                        "at equal coverage": item.width90_equal,
                        "interval score": item.interval_score,
                        "CRPS": item.crps,
                    },
                )
                yield from ends(row["by bootstrap"], item.coverage90_low, item.coverage90_high)
    for item in result.given_macro.by_origin:
        row = find(found, "Whole book by origin").row(f"{item.figure.replace('_', '-')}, {item.origin}")
        yield from across(row, {"came": item.actual, "forecast": item.forecast})
        yield from ends(row["90 % interval"], item.p05, item.p95)
    for item in result.given_macro.apart:
        for name in ("number", "exposure_per_case", "amount"):
            part = getattr(item, name)
            row = find(found, "Losses taken apart by origin, 12 months, given").row(
                f"{item.origin} {PARTS[name]}"
            )
            yield from across(row, {"came": part.came, "forecast": part.forecast})


@of("ConcentrationResult")
def _concentration(result: Any, found: list[Table]) -> Rows:
    table = find(found, "Concentration as of")
    for head, names in ((f"by {result.unit}", result.names), ("by connected group", result.connected.names)):
        yield table.row("names (weighted)")[head], names.names
        yield table.row("Herfindahl index")[head], names.herfindahl
        yield table.row("effective number of names")[head], names.effective_number
        yield table.row("Gini coefficient")[head], names.gini
        yield table.row("largest name")[head], names.largest
        for top, value in names.top.items():
            yield table.row(f"largest {top}, % of exposure")[head], value
    for name, sectors in result.sectors.items():
        for key, item in sectors.sectors.items():
            row = find(found, f"By {name}:").row(key)
            yield from across(
                row, {"loans": item.loans, "exposure": item.exposure, "% of exposure": item.share}
            )
    for item in result.granularity:
        row = find(found, "Granularity adjustment").row(item.method)
        yield from across(
            row, {"fine book": item.fine, "to add": item.adjustment, "simplified": item.simplified}
        )


@of("SensitivityResult")
def _sensitivity(result: Any, found: list[Table]) -> Rows:
    title = next(table.title for table in found if "live loans as of" in table.title)
    for name, item in result.scenarios.items():
        row = find(found, title).row(name)
        yield from across(
            row,
            {
                "expected loss": item.value,
                "standard error": item.standard_error,
                "error by transitions": item.transitions,
                "error by loss given default": item.severity,
            },
        )
        yield from ends(row["90 % interval"], item.low, item.high)
        for factor, moved in item.macro.items():
            row = find(found, f"{name}: macro").row(covariate_words(factor))
            yield row["by one deviation"], moved.by_deviation
            yield row["by 0.01 of the factor"], moved.by_unit / 100.0
        for one, cells in zip(item.parameters, find(found, f"{name}: the ").cells[1:], strict=True):
            told = (one.kind, one.name, one.value, one.derivative, one.standard_error, one.by_standard_error)
            yield from zip(cells, told, strict=True)


@of("FitResult")
def _fit(result: Any, found: list[Table]) -> Rows:
    for edge in result.edges:
        row = find(found, "Transitions fitted").row(edge.edge)
        yield row["loan months at risk"], edge.loan_months
        yield from across(row, {"events": edge.events, "effective": edge.effective_events})
        cells = next(row for row in find(found, "Macro effects").cells if row[0] == edge.edge)
        (item,) = edge.macro.values()
        yield cells[2], item["value"]
        yield from ends(cells[3], item["low"], item["high"])
    for name, item in result.levels.items():
        row = find(found, "Period effect").row(name)
        yield from across(row, {"persistence a month": item["phi"], "innovation, log-odds": item["sigma"]})
    for name in ("charged_off", "recovered"):
        share = result.loss_given_default[name]
        row = find(found, "Loss given default").row(plain(name))
        yield from across(row, {"observed": share["value"], "used, after the prior": share["used"]})
        yield from ends(row["90 % interval"], share["low"], share["high"])


@of("ComponentsResult")
def _components(result: Any, found: list[Table]) -> Rows:
    for item in result.age:
        row = find(found, "Age: monthly").row(str(item.age))
        yield row["% of loans a month"], item.probability
        yield from ends(row["90 % interval"], item.low, item.high)
    for title, rows, key in (("Vintage:", result.vintage, "vintage"), ("Period:", result.period, "month")):
        for item in rows:
            row = find(found, title).row(getattr(item, key))
            yield from across(
                row, {"effect, log-odds": item.log_odds.value, "expected events": item.expected_events}
            )
            yield from ends(row["90 % interval"], item.log_odds.low, item.log_odds.high)


@of("RollRatesResult")
def _rolls(result: Any, found: list[Table]) -> Rows:
    for title, matrix in (("last 12 months", result.recent), ("all months", result.all_months)):
        table = find(found, f"Roll rates a month, % of the number of loans, {title}")
        for name, cells in matrix.rates.items():
            yield table.row(name)["loan months"], matrix.at_risk[name]
            for target, cell in zip(result.states, cells.values(), strict=True):
                yield f"{table.row(name)[target]} %", cell.number
                yield (
                    f"{find(found, 'Roll rates a month, % of balance').row(name)[target]} %",
                    (result.all_months.rates[name][target].amount),
                )
    for name, value in result.to_loss.items():
        yield find(found, "Chance to roll").row(name)["% of loans"], value


@of("VintagesResult")
def _vintages(result: Any, found: list[Table]) -> Rows:
    for part, words in (("number", "loans,"), ("amount", "the money lent,")):
        for item in result.vintages:
            row = find(found, f"Cumulative charged off, % of {words}").row(item.name)
            yield from across(row, {"loans": item.loans, "lent": item.originated, "events": item.events})
            for age in (3, 12, 36):
                yield f"{row[str(age)]} %", getattr(item.points[age], part)


@of("RatingsResult")
def _ratings(result: Any, found: list[Table]) -> Rows:
    for title, rows in (
        ("Transition matrix", result.matrix),
        ("Generator", result.generator),
        ("Matrix over", result.at_horizon),
    ):
        for name, values in rows.items():
            for state, value in zip(rows, values, strict=True):
                yield f"{find(found, title).row(name)[state]} %", value
    for name, items in result.term_structure.items():
        cells = list(find(found, "Cumulative probability").row(name).values())[1:]
        yield from zip(cells, (item.pd for item in items), strict=True)


@of("ScoreTrainResult")
def _scores(result: Any, found: list[Table]) -> Rows:
    for name, item in result.models.items():
        row = find(found, "On rows not trained on").row(name)
        for head, value in (("AUC", item.auc), ("Gini", item.gini), ("Brier", item.brier), ("KS", item.ks)):
            yield row[head], value


@of("RateBacktest")
def _rates(result: Any, found: list[Table]) -> Rows:
    score, inside = find(found, "Accuracy, given"), find(found, "Coverage of the 90 %")
    pairs = zip(score.cells[1:], inside.cells[1:], strict=True)
    for by in result.series.values():
        for quarters, item in by.items():
            own, other = next(pairs)
            assert own[1] == other[1] == quarters
            row = dict(zip(score.cells[0], own, strict=True))
            yield from across(row, {"model": item.accuracy, **item.rivals, "bias": item.bias})
            row = dict(zip(inside.cells[0], other, strict=True))
            yield row["came inside the 90 %"], item.coverage90
            yield row["CRPS, bp"], 1e4 * item.crps
            for name, value in item.rival_crps.items():
                yield row[f"CRPS, {name}"], 1e4 * value
                yield row[f"inside, {name}"], item.rival_coverage90[name]


@of("Dossier")
def _dossier(result: Any, found: list[Table]) -> Rows:
    for item in result.materiality:
        row = find(found, "IFRS 9 allowance when").row(item.component)
        yield from across(row, {"allowance": item.allowance, "change, % of the allowance": item.change})
    stable = find(found, "Stability")
    yield stable.fact("stated by the model"), result.stability.stated
    yield (
        stable.fact(f"spread over {len(result.stability.thins)} halves of the loans"),
        result.stability.spread,
    )


def _tape(result: Any, found: list[Table]) -> Rows:
    facts = find(found, "Tape, format")
    yield facts.fact("rows read"), result.rows_read
    yield facts.fact("accepted"), result.accepted_rows
    yield facts.fact("rejected"), result.rejected
    yield facts.fact("loans"), result.loans
    for name, value in result.totals.items():
        yield facts.fact(plain(name)), value
    for title, counts in (
        ("Loans by status", result.loan_count_by_status),
        ("Rejected", result.rejections),
        ("Kept with", result.warnings),
    ):
        for name, many in counts.items():
            yield find(found, title).row(name)["loans" if "status" in title else "rows"], many


of("TapeCheck")(_tape)


@of("TwinCreated")
def _twin(result: Any, found: list[Table]) -> Rows:
    yield from _tape(result, found)
    placed = find(found, "At the end of")
    yield placed.fact("on book"), result.on_book
    yield placed.fact("not yet on book"), result.not_yet_on_book
    yield placed.fact("closed before as of"), result.closed_before_as_of
    yield placed.fact("undated"), result.undated


@of("SyntheticSummary")
def _synthetic(result: Any, found: list[Table]) -> Rows:
    facts = find(found, "Synthetic book")
    yield facts.fact("loans"), result.loans
    yield facts.fact("loan months"), result.loan_months
    yield facts.fact("originated"), result.originated
    yield facts.fact("balance at the end"), result.balance
    yield facts.fact("defaults"), result.defaults
    yield facts.fact("charged off"), result.charged_off


@of("Simulated")
def _simulated(result: Any, found: list[Table]) -> Rows:
    facts = find(found, "Simulated histories")
    for name, value in (("months", result.months), ("paths", result.paths), ("loans", result.loans)):
        yield facts.fact(name), value
    yield facts.fact("rows (loan-months)"), result.loan_months


@of("PriorsResult")
def _priors(result: Any, found: list[Table]) -> Rows:
    for product in result.products:
        row = list(find(found, "Prior models").row(product.name).values())[1:]
        for cell, item in zip(row, product.numbers, strict=True):
            value, low, high = cell.rstrip(")").replace(" (", " to ").split(" to ")
            yield from ((value, item.value), (low, item.low), (high, item.high))


@of("ComplianceResult")
def _compliance(result: Any, found: list[Table]) -> Rows:
    for item in result.rules:
        row = find(found, "Rules in force").row(item.article)
        yield from across(
            row, {"test": "passed", "looked at": item.looked_at, "in force from": str(item.first)}
        )


@of("LoanShown")
def _loan(result: Any, found: list[Table]) -> Rows:
    facts = {row[0]: row[1] for row in find(found, "Loan L1").cells}
    yield from across(facts, {name: value for name, value in result.loan.items() if name != "loan_id"})
    table = find(found, "By month")
    for cells, month in zip(table.cells[1:], result.history, strict=True):
        row = dict(zip(table.cells[0], cells, strict=True))
        yield from across(row, {name.replace("_", " "): value for name, value in month.items()})


def _edge(name: str, events: float, months: float, assumed: bool = False) -> FittedEdge:
    return FittedEdge(name, assumed, events, events, months, {})


def test_fit_opens_with_a_sentence() -> None:
    """30 defaults in 1,200 loan months of loans that live are 30 a hundred loan years: 30 %."""
    edges = (
        _edge("current -> dpd_1_29", 50.0, 1000.0),
        _edge("dpd_1_29 -> current", 20.0, 200.0),
        _edge("dpd_1_29 -> default", 30.0, 200.0),
        _edge("current -> prepaid", 5.0, 900.0),
    )
    share = {"charged_off": {"used": 0.41}, "recovered": {"used": 0.12}, "defaults": 30}
    made = replace(filled(BY_NAME["FitResult"]), edges=edges, loss_given_default=share, prior=None)
    begun = "30.0 % of loans default a year (30 in 1,200 loan months); "
    begun += "41 % of their exposure is charged off and 12 % recovered later; "
    learnt = replace(made, prior_only=())
    assert opening(learnt) == begun + "severity and every transition are learnt from this book."
    few = replace(made, prior_only=("dpd_1_29 -> default", "loss given default"))
    assert opening(few) == begun + "severity and 1 of 4 transitions are a prior, not learnt."
    severity = replace(made, prior_only=(), loss_given_default={**share, "defaults": 0})
    assert opening(severity).endswith("; severity is a prior, not learnt.")
    ended = (
        _edge("current -> charged_off", 12.0, 1200.0),
        _edge("current -> prepaid", 0.0, 0.0, assumed=True),
    )
    assert opening(replace(learnt, edges=ended)).startswith("12.0 % of loans are charged off a year (12 in")
    none = (_edge("current -> default", 0.0, 0.0),)
    assert "30.00 % of loans default a year: 30 in 1,200 loan-months." in learnt.summary()
    assert "of loans" not in replace(learnt, edges=none).summary()
    assert opening(replace(learnt, edges=none)).startswith("No loan was seen to default; ")


WITHOUT_FIGURES = {
    "ConfigShown", "DemoDone", "ExplanationResult", "LogVerification", "PooledAllowance", "ReportWritten",
    "SchemaShown", "TapeMap", "WhyResult",
}  # fmt: skip
"""Kinds whose tables hold words, names with one value each, or figures made into words elsewhere."""


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_each_figure_stands_under_its_own_heading(name: str) -> None:
    result = filled(BY_NAME[name])
    checked = 0
    for cell, value in CHECKS[name](result, tables(printed(result))):
        assert shows(cell, value), f"{cell!r} is not {value!r}, the figure of its row and heading"
        checked += 1
    assert checked >= 2


def test_every_result_with_a_table_is_read() -> None:
    assert set(BY_NAME) == set(CHECKS) | WITHOUT_FIGURES
