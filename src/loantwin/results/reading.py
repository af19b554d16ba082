"""How each class of result is read: its title, its main figures, its sentences, its table and its picture.

A row a class, by its name; a class without one is read by the defaults. Paths are dotted, as in the JSON
document, and `a/b` is a share. Kinds: money, share, count, number, text, and month or date as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Figure = tuple[str, str, str]
"""Label, path, kind. A `*` in the path stands for every name there, and `{}` in the label for that name."""


@dataclass(frozen=True)
class Drawn:
    """What a picture shows of one table.

    x, y : columns. interval : columns of the 5th and 95th percentile. by : the column that tells lines or
    groups apart. kind : of the values. bars : bars by name instead of lines over x.
    """

    table: str
    x: str
    y: str
    kind: str
    title: str
    interval: tuple[str, str] | None = None
    by: str | None = None
    bars: bool = False
    money_across: bool = False
    logarithmic: bool = False


@dataclass(frozen=True)
class Reading:
    """How one class of result is read.

    sentences : plain words with figures as `{path|kind}`; a sentence is left out where one of its figures is
    missing, or of the kind extra (money) and nothing. One with a `*` is said once for every `{name|text}`.
    table : the one that `frame()` gives.
    """

    title: str
    figures: tuple[Figure, ...] = ()
    sentences: tuple[str, ...] = ()
    table: str | None = None
    drawn: Drawn | None = None


ALLOWANCE: tuple[Figure, ...] = (
    ("exposure", "exposure", "money"),
    ("allowance", "allowance", "money"),
    ("allowance / exposure", "allowance/exposure", "share"),
)
ALLOWANCE_WORDS = (
    "On {exposure|money} of exposure the allowance is {allowance|money}, {allowance/exposure|share} of it.",
    "Before guarantees it would be {allowance_gross|money}.",
)
OVERLAYS = ("Overlays add {overlay_total|extra}; with them it is {allowance_with_overlays|money}.",)
TAPE: tuple[Figure, ...] = (
    ("rows read", "rows_read", "count"),
    ("accepted", "accepted_rows", "count"),
    ("rejected", "rejected", "count"),
    ("loans", "loans", "count"),
)
TAPE_WORDS = (
    "Of {rows_read|count} rows {accepted_rows|count} were accepted and {rejected|count} rejected: "
    "{loans|count} loans.",
)
TOTALS = Drawn("totals", "figure", "value", "money", "Totals of the accepted rows", bars=True)


def _by(table: str, column: str, title: str) -> Drawn:
    return Drawn(table, column, "allowance", "money", title, bars=True)


READINGS: Mapping[str, Reading] = {
    "AccountReplayed": Reading(
        "Account of a loan",
        (
            ("status", "status", "text"),
            ("owed", "outstanding", "money"),
            ("past due", "past_due", "money"),
            ("days past due", "days_past_due", "count"),
            ("overpaid", "overpaid", "money"),
        ),
        (
            "On {on|date} the account is {status|text}: {outstanding|money} is owed, "
            "{past_due|money} of it past due.",
            "The oldest unpaid instalment is {days_past_due|count} days late.",
        ),
        "instalments",
        Drawn("instalments", "due", "outstanding", "money", "Unpaid of each instalment", bars=True),
    ),
    "Backtest": Reading(
        "Backtest",
        (
            ("tape ends", "tape_ends", "date"),
            ("{}, 12 months, accuracy given the economy", "given_macro.figures.*.12.accuracy", "share"),
            ("{}, 12 months, accuracy", "generated_macro.figures.*.12.accuracy", "share"),
        ),
        (
            "The twin was refitted at past dates and its forecasts held against what came, until "
            "{tape_ends|date}.",
            "Accuracy is 1 less the sum of absolute errors over the sum of outcomes: 100 % is perfect.",
        ),
        "generated_macro.figures",
        Drawn(
            "generated_macro.figures",
            "horizon",
            "accuracy",
            "share",
            "Accuracy by horizon in months, generated economy",
            by="figure",
        ),
    ),
    "CapitalResult": Reading(
        "Regulatory capital",
        (
            ("exposure", "exposure", "money"),
            ("{}: risk-weighted assets", "approaches.*.rwa", "money"),
            ("{}: capital", "approaches.*.capital", "money"),
        ),
        (
            "{loans|count} loans owe {exposure|money} under {title|text}.",
            "The standardised approach gives {approaches.standardised.rwa|money} of risk-weighted assets and "
            "asks for {approaches.standardised.capital|money} of capital.",
        ),
        "approaches",
        Drawn("approaches", "approach", "rwa", "money", "Risk-weighted assets by approach", bars=True),
    ),
    "CeclResult": Reading(
        "Allowance under CECL",
        (*ALLOWANCE, ("{}", "by_pool.*.allowance", "money")),
        (*ALLOWANCE_WORDS, *OVERLAYS),
        "by_pool",
        _by("by_pool", "pool", "Allowance by pool"),
    ),
    "ComparisonResult": Reading(
        "Forecast beside what happened",
        (
            ("of loans", "event", "text"),
            ("loans: came", "number.came", "count"),
            ("loans: forecast", "number.forecast", "count"),
            ("loans: by last year's rate", "number.last_year", "count"),
            ("came", "amount.came", "money"),
            ("forecast", "amount.forecast", "money"),
            ("by last year's rate", "amount.last_year", "money"),
        ),
        (
            "Of the loans on the book then, {number.came|count} {event|text} of {amount.came|money} came; "
            "the forecast, given the economy that came, was {number.forecast|count} of "
            "{amount.forecast|money}.",
            "The rate of the year before would have said {number.last_year|count} of "
            "{amount.last_year|money}.",
        ),
        "by_year",
        Drawn(
            "scores",
            "forecast",
            "accuracy",
            "share",
            "Accuracy by forecast: loans, and amounts",
            by="figure",
            bars=True,
        ),
    ),
    "ComplianceResult": Reading(
        "Compliance",
        (
            ("rules passed", "passed", "count"),
            ("rules that apply", "applicable", "count"),
            ("score", "score", "share"),
        ),
        ("{passed|count} of {applicable|count} rules that apply passed their tests.",),
        "rules",
        Drawn("by_profile", "profile", "value", "share", "Share of rules passed by profile", bars=True),
    ),
    "ComponentsResult": Reading(
        "Age, period and vintage of defaults",
        (
            ("events", "events", "count"),
            ("net drift, log-odds a year", "drift.value", "number"),
            ("share of the period effect that macro explains", "macro.share_explained", "share"),
        ),
        (
            "{events|count} defaults are taken apart into age, calendar period and vintage.",
            "Macro explains {macro.share_explained|share} of the period effect about its trend.",
        ),
        "age",
        Drawn(
            "age",
            "age",
            "probability",
            "share",
            "Default a month by age in months, all else at its average",
            interval=("low", "high"),
        ),
    ),
    "ConcentrationResult": Reading(
        "Concentration",
        (
            ("exposure", "exposure", "money"),
            ("names", "names.names", "count"),
            ("Herfindahl index", "names.herfindahl", "number"),
            ("effective number of names", "names.effective_number", "number"),
        ),
        (
            "{exposure|money} is owed by {names.names|count} names; in concentration it is as if "
            "{names.effective_number|number} owed equal parts.",
        ),
        "sectors.sectors",
        Drawn("sectors.sectors", "sector", "share", "share", "Share of exposure", by="dimension", bars=True),
    ),
    "ConfigShown": Reading("Settings in force", (), ("Every setting with its value and its origin.",)),
    "Decision": Reading(
        "Decision",
        (
            ("outcome", "outcome", "text"),
            ("limit", "limit", "money"),
            ("annual rate", "annual_rate", "share"),
        ),
        ("The application is {outcome|text} by policy {policy|text}.",),
        "reasons",
    ),
    "DemoDone": Reading(
        "Demo",
        (("loans", "loans", "count"), ("report", "report", "text")),
        ("A synthetic book of {loans|count} loans went through every step; the page is {report|text}.",),
        "figures",
        Drawn("seconds", "step", "value", "number", "Seconds by step", bars=True),
    ),
    "Dossier": Reading(
        "Validation dossier",
        (("allowance", "allowance", "money"), ("file", "path", "text")),
        ("The dossier is {path|text}; it stands on an allowance of {allowance|money}.",),
        "findings",
        Drawn(
            "materiality", "component", "change", "money", "Change of the allowance by one step", bars=True
        ),
    ),
    "ExplanationResult": Reading(
        "Capital of one loan",
        (("loan", "loan", "text"),),
        ("How the capital of loan {loan|text} comes about, step by step.",),
        "approaches",
    ),
    "FitResult": Reading(
        "Fitted model",
        (
            ("default rate, a year", "default_rate", "share"),
            ("defaults learnt from", "loss_given_default.defaults", "count"),
            ("of a default charged off", "loss_given_default.charged_off.value", "share"),
            ("of a default recovered", "loss_given_default.recovered.value", "share"),
            ("transitions", "edges#", "count"),
            ("left to prior belief", "prior_only#", "count"),
        ),
        (
            "{default_rate|share} of loans {fate|text} a year: {events|count} in "
            "{live_months|count} loan-months.",
            "Learnt from {loss_given_default.defaults|count} defaults and {edges#|count} transitions.",
            "Of what defaults {loss_given_default.charged_off.value|share} is charged off.",
            "Of what defaults {loss_given_default.recovered.value|share} is recovered.",
        ),
        "edges",
        Drawn("edges", "edge", "events", "count", "Events that each transition was learnt from", bars=True),
    ),
    "FiveLevelResult": Reading(
        "Five-level classification",
        (*ALLOWANCE, ("{}", "by_class.*.allowance", "money")),
        ALLOWANCE_WORDS[:1],
        "by_class",
        _by("by_class", "class", "Allowance by class"),
    ),
    "Forecast": Reading(
        "Forecast",
        (
            ("opening balance", "opening_balance", "money"),
            ("defaulted", "totals.defaulted.mean", "money"),
            ("charged off", "totals.charged_off.mean", "money"),
            ("charged off, 5th percentile", "totals.charged_off.p05", "money"),
            ("charged off, 95th percentile", "totals.charged_off.p95", "money"),
        ),
        (
            "A book of {opening_balance|money} is run forward for {months#|count} months on {paths|count} "
            "paths.",
            "Expected to be charged off: {totals.charged_off.mean|money}, "
            "{totals.charged_off.mean/opening_balance|share} of the opening balance; the 90 % interval is "
            "{totals.charged_off.p05|money} to {totals.charged_off.p95|money}.",
        ),
        "months",
        Drawn(
            "months",
            "month",
            "charged_off_mean",
            "money",
            "Charged off a month",
            interval=("charged_off_p05", "charged_off_p95"),
        ),
    ),
    "Ifrs9Result": Reading(
        "Allowance under IFRS 9",
        (*ALLOWANCE, ("stage {}", "by_stage.*.allowance", "money")),
        (*ALLOWANCE_WORDS, *OVERLAYS),
        "by_stage",
        _by("by_stage", "stage", "Allowance by stage"),
    ),
    "JournalResult": Reading(
        "Journal",
        (
            ("allowance", "allowance", "money"),
            ("charge of the period", "charge", "money"),
            ("postings", "postings#", "count"),
        ),
        (
            "From {opening_date|date} to {closing_date|date} {postings#|count} postings charge "
            "{charge|money} to profit and leave an allowance of {allowance|money}.",
        ),
        "postings",
        Drawn("accounts", "account", "closing", "money", "Closing balance by account", bars=True),
    ),
    "LoanShown": Reading(
        "One loan",
        (("loan", "loan.loan_id", "text"), ("status", "loan.status", "text"), ("known at", "known", "date")),
        ("What was known of loan {loan.loan_id|text} at {known|date}.",),
        "loan",
    ),
    "LogVerification": Reading(
        "Log",
        (("events", "events", "count"), ("in order", "ok", "text"), ("problems", "problems#", "count")),
        ("{events|count} events were checked, with {problems#|count} problems.",),
        "by_type",
        Drawn("by_type", "type", "value", "count", "Events by type", bars=True),
    ),
    "LossComparison": Reading(
        "Loss distributions of several models",
        (
            ("{}: expected loss", "models.*.expected_loss.value", "money"),
            ("{}: value at risk", "models.*.var.value", "money"),
        ),
        ("The loss of {months|count} months at {confidence|share} by each model that this book allows.",),
        "models",
        Drawn("models", "model", "var_value", "money", "Value at risk by model", bars=True),
    ),
    "LossResult": Reading(
        "Loss distribution",
        (
            ("expected loss", "expected_loss.value", "money"),
            ("value at risk", "var.value", "money"),
            ("expected shortfall", "es.value", "money"),
            ("confidence", "confidence", "share"),
        ),
        (
            "Over {months|count} months {expected_loss.value|money} is expected to be lost.",
            "With {confidence|share} confidence the loss stays below {var.value|money}; beyond that it is "
            "{es.value|money} on average.",
        ),
        "by_segment",
        Drawn(
            "curve",
            "loss",
            "probability",
            "share",
            "Chance that the loss is larger",
            money_across=True,
            logarithmic=True,
        ),
    ),
    "MovementResult": Reading(
        "Movement of the allowance",
        (
            ("opening", "opening", "money"),
            ("closing", "closing", "money"),
            ("charge to profit", "profit.charge", "money"),
        ),
        (
            "From {opening_date|date} to {closing_date|date} the allowance went from {opening|money} to "
            "{closing|money}.",
        ),
        "lines",
        Drawn("lines", "line", "amount", "money", "What moved the allowance", bars=True),
    ),
    "PooledAllowance": Reading(
        "Allowance by pool",
        (*ALLOWANCE, ("{}", "by_pool.*.allowance", "money")),
        ALLOWANCE_WORDS,
        "by_pool",
        _by("by_pool", "pool", "Allowance by pool"),
    ),
    "PriorsResult": Reading(
        "Prior models",
        (("products", "products#", "count"),),
        ("What is believed of {products#|count} products before any data.",),
        "products.numbers",
        Drawn(
            "products.curves.ages",
            "age",
            "values",
            "number",
            "Believed shapes by age in months",
            by="curve",
        ),
    ),
    "ProvisionExplanation": Reading(
        "Allowance of one loan",
        (
            ("loan", "loan", "text"),
            ("stage, pool or class", "stage", "text"),
            ("exposure", "exposure", "money"),
            ("12-month PD", "pd_12m", "share"),
            ("severity", "severity", "share"),
            ("allowance", "allowance", "money"),
        ),
        (
            "Loan {loan|text} owes {exposure|money} and carries {allowance|money}, in stage, pool or class "
            "{stage|text}: {why|text}.",
        ),
        "months",
        Drawn("months", "month", "loss", "money", "Expected loss by month from now"),
    ),
    "RateBacktest": Reading(
        "Backtest of rates",
        (("series", "series#", "count"), ("forecasts", "points#", "count")),
        ("{points#|count} forecasts of {series#|count} series were held against what came.",),
        "series",
        Drawn("series", "horizon", "accuracy", "share", "Accuracy by horizon in quarters", by="series"),
    ),
    "RatingsResult": Reading(
        "Rating migrations",
        (
            ("method", "method", "text"),
            ("years", "years", "number"),
            ("mobility", "mobility", "number"),
            ("generator fits a matrix exactly", "embeddable", "text"),
        ),
        ("A matrix of {states#|count} ratings over {years|number} years, estimated by {method|text}.",),
        "matrix",
        Drawn(
            "term_structure",
            "years",
            "pd",
            "share",
            "Cumulative default by years",
            by="from",
        ),
    ),
    "ReportWritten": Reading(
        "Report",
        (("file", "path", "text"), ("sections", "sections#", "count")),
        ("The page is {path|text}, with {sections#|count} sections.",),
        "figures",
    ),
    "RollRatesResult": Reading(
        "Roll rates",
        (
            ("loan-months", "loan_months", "count"),
            ("from {} to charge-off", "to_loss.*", "share"),
        ),
        ("Monthly moves of {loan_months|count} loan-months between buckets of arrears.",),
        "recent.rates",
        Drawn("to_loss", "from", "value", "share", "Share that rolls on to charge-off", bars=True),
    ),
    "ScheduleResult": Reading(
        "Schedule of a loan",
        (
            ("paid out", "totals.disbursed", "money"),
            ("interest", "totals.interest", "money"),
            ("fees", "totals.fees", "money"),
            ("all payments", "totals.payment", "money"),
            ("effective rate", "effective_annual_rate", "share"),
        ),
        (
            "Of {totals.disbursed|money} paid out, {totals.payment|money} is to be paid: "
            "the loan costs {totals.cost|money}.",
            "Interest is {totals.interest|money}, fees are {totals.fees|extra}.",
            "Compounded yearly that is {effective_annual_rate|share} a year.",
        ),
        "instalments",
        Drawn("instalments", "number", "closing", "money", "Balance after each instalment"),
    ),
    "SchemaShown": Reading(
        "Schema of an input file",
        (("file", "title", "text"), ("keys needed", "required#", "count")),
        ("The JSON Schema of a file: {title|text}; {required#|count} keys are needed.",),
        "required",
    ),
    "ScoreTrainResult": Reading(
        "Scores",
        (
            ("cases", "rows", "count"),
            ("bad", "bads", "count"),
            ("champion", "champion", "text"),
            ("{}: AUC", "models.*.auc", "number"),
            ("{}: Brier", "models.*.brier", "number"),
            ("suspected to know the outcome", "leaks#", "count"),
        ),
        (
            "Scores of {rows|count} cases, {bads|count} of them bad, judged on {judged_on|text}.",
            "The model of least log loss is {champion|text}.",
        ),
        "models",
        Drawn("models", "model", "auc", "number", "Area under the curve by model", bars=True),
    ),
    "SensitivityResult": Reading(
        "Sensitivity of the expected loss",
        (
            ("{}: expected loss", "scenarios.*.value", "money"),
            ("{}: standard error", "scenarios.*.standard_error", "money"),
        ),
        ("How the {measure|text} of {loans|count} loans answers to each parameter of the model.",),
        "scenarios.parameters",
        Drawn(
            "scenarios.parameters",
            "name",
            "by_standard_error",
            "money",
            "Change of the loss by one standard error",
            by="scenario",
            bars=True,
        ),
    ),
    "Simulated": Reading(
        "Simulated histories",
        (("file", "file", "text"), ("loans", "loans", "count"), ("loan-months", "loan_months", "count")),
        ("{loan_months|count} months of {loans|count} loans were drawn into {file|text}.",),
    ),
    "StressResult": Reading(
        "Stress test",
        (
            ("baseline", "baseline", "text"),
            ("{}: charged off", "scenarios.*.charged_off", "money"),
            ("{}: allowance", "scenarios.*.allowance", "money"),
        ),
        (
            "The book is run through {scenarios#|count} economies for {months|count} months.",
            "Under {name|text} {scenarios.*.charged_off|money} is charged off, and the allowance were that "
            "economy certain is {scenarios.*.allowance|money}.",
        ),
        "scenarios",
        Drawn("scenarios", "scenario", "charged_off", "money", "Charged off by scenario", bars=True),
    ),
    "SyntheticSummary": Reading(
        "Synthetic book",
        (
            ("loans", "loans", "count"),
            ("loan-months", "loan_months", "count"),
            ("originated", "originated", "money"),
            ("charged off", "charged_off", "money"),
            ("folder", "folder", "text"),
        ),
        (
            "{loans|count} loans were drawn from a known truth, {first_month|text} to {last_month|text}, "
            "into {folder|text}.",
        ),
        "files",
        Drawn("loan_count_by_status", "status", "value", "count", "Loans by status", bars=True),
    ),
    "TapeCheck": Reading("Tape", TAPE, TAPE_WORDS, "totals", TOTALS),
    "TapeMap": Reading(
        "Guessed mapping",
        (
            ("rows", "rows", "count"),
            ("columns mapped", "columns#", "count"),
            ("unsure", "unsure#", "count"),
            ("mapping", "mapping", "text"),
        ),
        ("{columns#|count} columns are mapped, {unsure#|count} of them unsure: look at those.",),
        "columns",
        Drawn("columns", "column", "confidence", "share", "Confidence of each guess", bars=True),
    ),
    "TwinCreated": Reading(
        "Twin",
        (*TAPE, ("on the book", "on_book", "count")),
        (*TAPE_WORDS, "At the date {on_book|count} are on the book."),
        "totals",
        TOTALS,
    ),
    "VintagesResult": Reading(
        "Vintage curves",
        (("event", "event", "text"), ("vintages", "vintages#", "count")),
        ("The share of each of {vintages#|count} vintages that met {event|text}, by months of age.",),
        "vintages",
        Drawn(
            "vintages.points",
            "age",
            "number",
            "share",
            "Cumulative share by months of age",
            by="vintage",
        ),
    ),
    "WhyResult": Reading(
        "A figure re-made",
        (
            ("figure", "key", "text"),
            ("recorded", "recorded", "number"),
            ("derived", "derived", "number"),
            ("same", "same", "text"),
        ),
        ("{key|text} was recorded as {recorded|number} and comes out as {derived|number}.",),
        "parents",
    ),
}


def reading_of(result: object) -> Reading:
    """Return how a result is read: by its class's row, else by its schema's name."""
    kind = type(result)
    name = str(getattr(kind, "SCHEMA", "")).removeprefix("loantwin.").partition("/")[0]
    return READINGS.get(kind.__name__) or Reading((name or kind.__name__).replace("_", " ").capitalize())
