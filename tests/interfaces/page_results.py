"""One result of every kind that has a page, all its figures distinct."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from loantwin.interfaces.report.movement import FROM_LOSSES, LOSSES, STOCK
from loantwin.interfaces.report.movement import WORDS as LINES
from loantwin.interfaces.report.stress.figures import FIGURES
from loantwin.models.scoring.judge import ScoreCompared
from loantwin.performance.rivals import LAST_RATE
from loantwin.risk.loss.loss import Histogram, LossResult
from loantwin.risk.provisions.movement_statement import GROSS, TABLE, MovementResult
from loantwin.risk.stress.stress import StressResult
from loantwin.verbs.backtest.backtest import Backtest
from loantwin.verbs.components import ComponentsResult
from loantwin.verbs.curves import RollRatesResult, VintagesResult
from loantwin.verbs.fairness import FairnessResult
from loantwin.verbs.fairness_search import FairnessSearchResult
from loantwin.verbs.score_card import ScoreCardResult

from .filled import Filler, Keys, Many

BOTH, SEVERE, FIGURED = ("Base", "Severe"), ("Severe",), tuple(FIGURES)
SEGMENTS = ("instalment|A", "mortgage|B")
LIVE = ("current", "1-29", "30-59")
STATES = (*LIVE, "charged off")
SERIES = ("balance", "interest", "funding_cost", "servicing_cost", "net_interest_income", "defaulted",
          "charged_off", "recovered", "cash_gap", "cash_in/", "cash_out/")  # fmt: skip
MONTHS = tuple(f"2030-{month:02d}" for month in range(1, 13))
MONEY, STEP = 1e8, 0.0103
SCORED = ("logistic", "scorecard")
QUARTERS = ("2029-12", "2030-03", "2030-06", "2030-09", "2030-12")

KEYS: dict[str, tuple[str, ...]] = {
    "StressResult.scenarios": BOTH,
    "StressResult.paths": BOTH,
    "StressResult.plausibility": BOTH,
    "StressResult.against_baseline": SEVERE,
    "StressResult.against_baseline/": FIGURED,
    "StressResult.parts": SEVERE,
    "StressResult.parts/": ("loss", "allowance"),
    "StressResult.multiples": SEVERE,
    "StressResult.multiples/": FIGURED,
    "StressResult.bands": SEVERE,
    "StressResult.macro": ("unemployment_rate",),
    "StressResult.macro/": (*BOTH, "p05", "p25", "p50", "p75", "p95"),
    "Stressed.interval": FIGURED,
    "Stressed.prior_share": FIGURED,
    "Attribution.by_factor": ("unemployment_rate", "house_price_index"),
    "Attribution.by_segment": SEGMENTS,
    "FactorSensitivity.up": (*FIGURED, "loss"),
    "FactorSensitivity.down": (*FIGURED, "loss"),
    "ReverseStress.peaks": ("unemployment_rate",),
    "ActionTaken.scenarios": BOTH,
    "BeliefMoved.figures": SEVERE,
    "BeliefMoved.figures/": FIGURED,
    "BeliefMoved.figures//": ("before", "after"),
    "LossResult.by_segment": SEGMENTS,
    "MovementResult.lines": tuple(LINES),
    "MovementResult.table": TABLE,
    "MovementResult.gross_carrying": GROSS,
    "MovementResult.by_segment": SEGMENTS,
    "MovementResult.by_segment/": tuple(LINES),
    "Line.by_stage": ("1", "2", "3"),
    "LossesOfYear.figures": tuple(LOSSES),
    "LossesOfYear.charge": tuple(FROM_LOSSES),
    "LossesOfYear.in_default": tuple(STOCK),
    "MacroScores.figures": ("defaults",),
    "MacroScores.figures/": ("12",),
    "MacroScores.total": ("defaults",),
    "MacroScores.total/": ("12",),
    "MacroScores.pooled": ("defaults",),
    "BacktestScore.noise_floor": ("names", "latent"),
    "BacktestScore.rivals": (LAST_RATE, "vintage curve"),
    "BacktestScore.rival_scores": (LAST_RATE, "vintage curve"),
    "OriginRow.rivals": (LAST_RATE, "vintage curve"),
    "BandRow.rivals": (LAST_RATE, "vintage curve"),
    "ComponentsResult.segments": SEGMENTS,
    "ComponentsResult.forecasts": BOTH,
    "ComponentsResult.defaults_by_rule": ("vintage", "period"),
    "MacroFit.effects": ("unemployment_rate.level",),
    "RollMatrix.at_risk": LIVE,
    "RollMatrix.rates": LIVE,
    "RollMatrix.rates/": STATES,
    "RollPeriod.forward": ("current to 1-29", "1-29 to 30-59", "30-59 to charged off"),
    "RollRatesResult.to_loss": LIVE,
}
GIVEN: dict[str, Any] = {
    **{name: Keys(names) for name, names in KEYS.items()},
    **{f"StressPath.{name}": Many(len(MONTHS)) for name in SERIES},
    "StressPath.allowance": Many(len(QUARTERS)),
    "StressPath.credit_loss": Many(len(QUARTERS)),
    "StressPath.capital": Many(len(QUARTERS)),
    "StressResult.macro//": Many(len(MONTHS)),
    "BacktestScore.pit": Many(10),
    "LossResult.curve": Many(4),
    "Vintage.points": Many(13),
    "PeriodAhead.mean": Many(3),
    "PeriodAhead.low": Many(3),
    "PeriodAhead.high": Many(3),
    "Ifrs9Result.by_stage": Keys(("1", "2", "3")),
    "StressResult.currency": "CHF",
    "StressResult.baseline": "Base",
    "StressResult.months": 12,
    "StressResult.new_lending": "none",
    **{f"ScoreCardResult.{name}": Keys(SCORED) for name in ("models", "curves")},
    "ScoreCardResult.champion": SCORED[1],
    "PartJudged.model": SCORED[1],
    "PartJudged.shown": True,
    "ScoreCardResult.compared": lambda filler: (
        replace(filler.make(ScoreCompared), model="boosting-monotone", against="boosting"),
    ),
    "ScoreCurves.edges": (-2.0, -1.0, 0.0, 1.0),
    "StressResult.settings": {"capital_minimum": 0.07},
    "StressPath.months": MONTHS,
    "StressPath.quarters": QUARTERS,
    "ReverseStress.figure": "allowance",
    "LossResult.currency": "CHF",
    "LossResult.model": "twin",
    "LossResult.confidence": 0.99,
    "LossResult.histogram": Histogram((1e8, 2e8, 3e8), (0.61, 0.39)),
    "Supervisory.confidence": 0.999,
    "MovementResult.currency": "CHF",
    "Backtest.currency": "CHF",
    "Backtest.horizons": (12,),
    "MacroScores.amounts": {},
    "MacroScores.amounts_total": {},
    "MacroScores.pooled_amounts": {},
    "BacktestScore.unit": "loans",
    "BacktestScore.interval_verdict": "not shown",
    "RivalScore.holds_twin": False,
    "Origin.skipped": None,
    "Origin.closed": {"given_macro": (12,), "generated_macro": (12,)},
    **{f"{kind}.figure": "defaults" for kind in ("OriginRow", "BandRow", "ObservationRow")},
    **{f"{kind}.measure": "loans" for kind in ("OriginRow", "BandRow", "ObservationRow")},
    **{f"{kind}.horizon": 12 for kind in ("OriginRow", "BandRow", "ObservationRow", "ApartRow")},
    **{f"{kind}.prior_only": False for kind in ("OriginRow", "ObservationRow", "ApartRow")},
    "ComponentsResult.event": "default",
    "ComponentsResult.rule": "vintage",
    "PeriodAhead.months": MONTHS[:3],
    "PeriodAhead.standard_error_parts": {"macro": 0.41, "level": 0.52},
    "RollRatesResult.states": STATES,
    "RollRatesResult.by": "quarter",
    "VintagesResult.currency": "CHF",
    "VintagesResult.event": "default",
    "Vintage.complete_to": 12,
    "Point.status": "complete",
}
KINDS = (
    StressResult, LossResult, MovementResult, Backtest, ComponentsResult, RollRatesResult, VintagesResult,
    FairnessResult, FairnessSearchResult, ScoreCardResult,
)  # fmt: skip


@cache
def result_of(kind: type[Any]) -> Any:
    """Return a result of a kind."""
    return Filler(GIVEN, MONEY, STEP).make(kind)


def part_of(kind: type[Any], **given: Any) -> Any:
    """Return one part of a result, with fields given."""
    named = {f"{kind.__name__}.{name}": value for name, value in given.items()}
    return Filler({**GIVEN, **named}, MONEY, STEP).make(kind)
