"""One result of every kind, all its figures distinct, amounts of nine to twelve digits, long names."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

import loantwin
from loantwin.interfaces.cli.tables.priors import SHORT
from loantwin.interfaces.cli.tables.render import TABLES
from loantwin.interfaces.report.movement import LOSSES
from loantwin.risk.provisions.movement_statement import GROSS, TABLE
from loantwin.types import Result

from .filled import KEYS, Filler, Keys

APPROACHES = Keys(("standardised", "foundation-irb", "advanced-irb"))
STAGES = Keys(("1", "2", "3"))
STATES = ("current", "dpd_1_29", "dpd_30_59")
FIGURES = Keys(("defaulted", "charged_off", "allowance", "net_interest_income"))
SCORED = Keys(("defaults", "charge_offs"))
MONTHS = Keys(("3", "12"))
SCALE = Keys(("AAA", "B", "D"))
RIVALS = Keys(("random walk", "autoregression"))
FLOORS = Keys(("names", "latent"))


def _scores(filler: Filler) -> dict[str, Any]:
    from loantwin.performance.backtest.scores import BacktestScore

    return {figure: {month: filler.make(BacktestScore) for month in MONTHS} for figure in SCORED}


def _rows_by_origin(filler: Filler) -> tuple[Any, ...]:
    from loantwin.performance.backtest.macro_scores import OriginRow

    made = []
    for figure in SCORED:
        filler.given = {**filler.given, "OriginRow.figure": figure}
        made.append(filler.make(OriginRow))
    return tuple(made)


def _numbers(filler: Filler) -> tuple[Any, ...]:
    from loantwin.verbs.priors import BelievedNumber

    made = []
    for name in SHORT:
        filler.given = {**filler.given, "BelievedNumber.name": name}
        made.append(filler.make(BelievedNumber))
    return tuple(made)


def _points(filler: Filler) -> tuple[Any, ...]:
    from loantwin.verbs.curves import Point

    return tuple(filler.make(Point) for _ in range(37))


def _cells(filler: Filler) -> dict[str, Any]:
    from loantwin.verbs.curves import Cell

    return {origin: {target: filler.make(Cell) for target in (*STATES, "90+")} for origin in STATES}


def _decimals(filler: Filler) -> Any:
    from loantwin.types import Interval

    return Interval(**filler.floats("mean", "p05", "p95"))


def _profits(filler: Filler) -> dict[str, Any]:
    from loantwin.verbs.score_cutoff import ProfitAt

    return {name: tuple(filler.make(ProfitAt) for _ in range(3)) for name in ("lifetime", "first 12 months")}


def _share(filler: Filler) -> dict[str, Any]:
    told = {name: filler.floats("value", "low", "high", "used") for name in ("charged_off", "recovered")}
    return {**told, "defaults": 4321}


def _rates(filler: Filler) -> dict[str, Any]:
    from loantwin.performance.rate_backtest import RateScore

    filler.given = {**filler.given, "RateScore.rivals": RIVALS, "RateScore.rival_crps": RIVALS}
    filler.given = {**filler.given, "RateScore.rival_coverage90": RIVALS}
    return {"credit_cards": {"4": filler.make(RateScore), "8": filler.make(RateScore)}}


GIVEN: dict[str, Any] = {
    "AgeEffect.probability": lambda filler: filler.value(float, "share"),
    "BacktestScore.interval_verdict": "",
    "BacktestScore.noise_floor": FLOORS,
    "BacktestScore.rivals": RIVALS,
    "BacktestScore.unit": "loans",
    "BeliefMoved.figures": lambda filler: {
        KEYS[0]: {name: filler.amounts("before", "after") for name in FIGURES}
    },
    "BelievedProduct.numbers": _numbers,
    "Backtest.horizons": (3, 12),
    "Backtest.tape_ends": date(2020, 6, 30),
    "CapitalResult.approaches": APPROACHES,
    "CapitalResult.low_default": None,
    "ComponentsResult.sizes": lambda filler: filler.floats("age", "period", "vintage"),
    "ComponentsResult.defaults_by_rule": lambda filler: filler.floats("vintage", "period"),
    "Step.unit": lambda filler: ("currency", "decimal", "years")[next(filler.numbers) % 3],
    "ReportWritten.size": 12_300_000,
    "Parent.recorded": lambda filler: f"{next(filler.numbers):016d}",
    "Parent.found": lambda filler: f"{next(filler.numbers):016d}",
    "WhyResult.recorded": lambda filler: filler.value(float, "amount"),
    "WhyResult.derived": lambda filler: filler.value(float, "amount"),
    "DecisionList.outcomes": lambda filler: {
        name: filler.value(int, name) for name in ("approve", "decline", "refer")
    },
    "ArmTest.needed": (385, 385),
    "Evidence.recorded": lambda filler: filler.floats("score", "annual_pd"),
    "Evidence.derived": lambda filler: filler.floats("score", "annual_pd"),
    "Evidence.experiment": None,
    "Evidence.shadows": lambda filler: {"ab12": {"outcome": "decline", **filler.amounts("amount")}},
    "Difference.recorded": lambda filler: filler.value(float, "amount"),
    "Difference.derived": lambda filler: filler.value(float, "amount"),
    "ExplanationResult.approaches": APPROACHES,
    "ExplanationResult.floors": APPROACHES,
    "FitResult.generator": {"factors": [1, 2], "quarters": 116, "largest_root": 0.945},
    "FitResult.learnt_from": {},
    "FitResult.levels": lambda filler: {"credit": filler.floats("phi", "sigma", "level", "level_deviation")},
    "FitResult.loss_given_default": _share,
    "FitResult.update": None,
    "FittedEdge.assumed": False,
    "ScoredFit.coefficients": lambda filler: {
        "current -> default": filler.floats("value", "low", "high"),
    },
    "ScoredFit.bands": lambda filler: tuple(
        {"band": band, **filler.floats("loans", "defaults", "observed", "low", "high", "twin", "score")}
        for band in (1, 2)
    ),
    "ScoredFit.slopes": lambda filler: {"twin": filler.floats("value", "low", "high"), "score": None},
    "CutOff.annual_pd": _decimals,
    "CutOff.lifetime_pd": _decimals,
    "ScoreCutoffResult.profits": _profits,
    "ScoreCutoffResult.best": Keys(("lifetime", "first 12 months")),
    "FittedEdge.macro": lambda filler: {"unemployment_rate.level": filler.floats("value", "low", "high")},
    "Forecast.withdrawn": {},
    "ForecastMonth.arrears": Keys(STATES),
    "Ifrs9Result.by_stage": STAGES,
    "Ifrs9Result.interest": STAGES,
    "Line.by_stage": STAGES,
    "LoanShown.loan": lambda filler: {
        "loan_id": "L1",
        "product": KEYS[0],
        **filler.amounts("balance", "limit"),
    },
    "LoanShown.history": lambda filler: tuple(
        {"report_date": "2020-01-31", "state": STATES[1], **filler.amounts("balance", "prepaid", "interest")}
        for _ in range(3)
    ),
    "LossesOfYear.figures": Keys(LOSSES),
    "MacroScores.by_origin": _rows_by_origin,
    "MacroScores.figures": _scores,
    "MacroScores.amounts": lambda filler: {},
    "MacroScores.total": _scores,
    "ScenarioSensitivity.severity": 1.3e11,
    "ModelShown.settings": {"folds": "1x5", "seed": 5},
    "ModelRow.kind": "scorecard",
    "OtherCases.unseen": {"a column": 1_211, "another": 1_212},
    "OtherCases.beyond": {"a column": 1_213},
    "OtherCases.missing": {"another": 1_214},
    "ContributionTold.points": lambda filler: 100 * filler.floats("share")["share"],
    "ScoreExplainResult.points": 508.3,
    "ScoreExplainResult.base_points": 614.2,
    "ReasonTold.en": "Length of employment",
    "ReasonTold.zh": "工作年限",
    "ScoreCardResult.champion": "B",
    "ScoreExplainResult.changed_said": "",
    "ScoreTrainResult.champion": "B",
    "PartJudged.model": "B",
    "PartJudged.shown": True,
    "ScorePredictResult.unseen": {"a column": 1_201, "another": 1_202},
    "ScorePredictResult.beyond": {"a column": 1_203},
    "ScorePredictResult.missing": {"another": 1_204},
    "RateBacktest.series": _rates,
    "MovementResult.by_segment": lambda filler: {
        name: filler.amounts("opening", "closing", "originated", "stage") for name in KEYS
    },
    "MovementResult.gross_carrying": Keys(GROSS),
    "MovementResult.lines": Keys(("opening", "originated", "stage", "economy", "closing")),
    "MovementResult.table": Keys(TABLE),
    "Origin.closed": {"given_macro": (3, 12)},
    "Origin.skipped": None,
    "OriginRow.horizon": 12,
    "OriginRow.measure": "loans",
    "OriginRow.prior_only": False,
    "ApartRow.horizon": 12,
    "AllowanceLimit.limit": 1.2e11,
    "ApartRow.prior_only": False,
    "Point.age": 36,
    "RatingsResult.compared": (),
    "RatingsResult.at_horizon": SCALE,
    "RatingsResult.generator": SCALE,
    "RatingsResult.matrix": SCALE,
    "RatingsResult.horizon": 2.5,
    "RatingsResult.method": "cohort",
    "RollMatrix.rates": _cells,
    "RollMatrix.at_risk": Keys(STATES),
    "RollPeriod.forward": Keys(("current to 1-29", "1-29 to 30-59")),
    "RollRatesResult.states": (*STATES, "90+"),
    "ScheduleResult.rates": Keys(("us", "eu", "uk", "china", "effective")),
    "ScheduleResult.terms": {"annual_rate": 0.0731},
    "SchemaShown.properties": {"amount": {"type": "number"}},
    "ScenarioPart.by_factor": Keys(("unemployment_rate", "house_price_index")),
    "StressResult.parts": lambda filler: {},
    "Stressed.interval": FIGURES,
    "Stressed.prior_share": FIGURES,
    "SyntheticSummary.first_month": "2016-01",
    "SyntheticSummary.last_month": "2020-12",
    "SyntheticSummary.files": {"tape.csv": 1234, "mapping.toml": 1},
    "Vintage.points": _points,
    "YearlyRate.shown": "12.34",
}
"""What a field's type does not tell."""


def kinds() -> list[type[Result]]:
    """Return every class of result that has a table."""
    for module in pkgutil.walk_packages(loantwin.__path__, "loantwin."):
        if module.name.startswith(("loantwin.verbs", "loantwin.interfaces", "loantwin.risk")):
            importlib.import_module(module.name)

    def below(kind: type[Result]) -> Iterator[type[Result]]:
        for inner in kind.__subclasses__():
            yield inner
            yield from below(inner)

    found = {kind for kind in below(Result) if kind.SCHEMA.split(".")[-1].split("/")[0] in TABLES}
    return sorted(found, key=lambda kind: kind.__name__)


@cache
def filled(kind: type[Result], money: float = 1e11) -> Any:
    """Return a result of a kind."""
    return Filler(GIVEN, money).make(kind)
