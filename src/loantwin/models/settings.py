"""What a fit may be told, all stored with the model: covariates and their priors, ages, priors of effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from loantwin.errors import ModelError, expected
from loantwin.models.latent import LevelPrior
from loantwin.models.priors.beliefs import UNITS, MacroBeliefs, beliefs_for
from loantwin.models.priors.table import Belief, ProductPrior
from loantwin.models.transfer.source import Source


@dataclass(frozen=True)
class MacroPrior:
    """A macro covariate and what is believed of its effect, in log-odds by one standard deviation.

    credit, prepayment : (mean, standard deviation) of the prior on the edges that worsen, and on prepayment.
    unit : where it is not 0, `credit` is of the log default rate, by so much of the transform instead (0.01
        is one point of a rate); `start.settled` turns it into log-odds of an edge.
    """

    factor: str
    transform: str
    lag: int
    credit: tuple[float, float]
    prepayment: tuple[float, float]
    unit: float = 0.0

    @property
    def name(self) -> str:
        """Return the covariate's name in tables."""
        return f"{self.factor}.{self.transform}" + (f".lag{self.lag}" if self.lag else "")


RATE_ON_PREPAYMENT = MacroPrior("prime_rate", "change_12m", 3, (0.0, 0.05), (-0.10, 0.10))
"""Rates move prepayment; their effect on default cannot be told from the series (see `priors.toml`)."""
LAGS = {"change_12m": 3, "level": 0, "log_ratio_12m": 3}
"""Months that a covariate lags, by transform: charge-offs follow changes by some quarters."""
ON_PREPAYMENT = {"house_prices": (0.05, 0.10)}
"""Belief -> its covariate's effect on prepayment, by one standard deviation; (0, 0.1) where none is named."""
TYPICAL_SCALE = {
    "unemployment_rate.change_12m": 0.0144,
    "unemployment_rate.level": 0.0176,
    "house_price_index.log_ratio_12m": 0.0617,
}
"""Standard deviation of a covariate in the United States 1976 to 2025: for what a history does not hold."""


def effects_believed(beliefs: MacroBeliefs) -> tuple[MacroPrior, ...]:
    """Return the covariates of a fit with what is believed of each, by its unit."""
    made = []
    for name, (factor, transform, unit) in UNITS.items():
        belief: Belief = getattr(beliefs, name)
        credit = (belief.value, belief.deviation)
        early = ON_PREPAYMENT.get(name, (0.0, 0.10))
        made.append(MacroPrior(factor, transform, LAGS[transform], credit, early, unit))
    return (*made, RATE_ON_PREPAYMENT)


LEVELS = {
    "": LevelPrior(),
    "business": LevelPrior(24.0, 0.15, 1.0, 0.1, 0.25, 0.3),
    "consumer": LevelPrior(24.0, 0.15, 0.5, 0.1, 0.2, 0.3),
}
"""The process of the credit level by whom loans are made to, "" where it is not said.

From the Federal Reserve's charge-off rates, 1999 to 2026: the log of the next four quarters' mean against the
last two spreads by 0.42 for business loans and by 0.21 for consumer loans and cards; a half-life of 24 months
with a deviation of 1.0 gives 0.45. Tight: a dozen events of one tape tell a process badly, and one chosen
anew for each tape is what made forecasts of one population differ by half."""


@dataclass(frozen=True)
class FitSettings:
    """How models are fitted. Deviations are prior standard deviations in log-odds."""

    effects: tuple[MacroPrior, ...] = field(default_factory=lambda: effects_believed(beliefs_for()))
    beliefs: MacroBeliefs | None = None
    """Of the economy's effect by unit, and the cap; None takes those of the tape's product class."""
    prior: ProductPrior | None = None
    """What is believed of the product beforehand: levels, age curves, severity; None learns from scratch."""
    sources: tuple[Source, ...] = ()
    """Fitted twins whose posteriors the fit starts from (`models.transfer`); none learns alone."""
    choose_lags: bool = False
    """Choose the covariates' lags out of sample (`lags`) instead of taking those of `effects`."""
    lag_evidence: float = 3.0
    """Log Bayes factor by which another common lag must beat that of `LAGS`; infinite: it never does.

    3 is "strong" (Kass and Raftery 1995). Effects stated by hand keep their lags."""
    ages: int = 361
    """Months of age on the grid, 0 included; older loans read the last one."""
    knots: int = 5
    """Inner knots of an age curve, at quantiles of its events."""
    age_bend: float = 3.0
    """Prior size of an age curve's second derivative, by unit of log(1 + age / 12)."""
    age_slope: float = 1.5
    """Prior size of an age curve's first derivative, by unit of log(1 + age / 12)."""
    believed_bend: float = 1.0
    """The two of an age curve about the one a product's prior states."""
    believed_slope: float = 0.3
    baseline_spread: float = 3.0
    """Of an edge's overall level about its prior."""
    segment_main: float = 0.5
    """Of the effect of one part of a segment's label (for instance a product)."""
    segment_own: float = 0.25
    """Of a segment's own effect beyond its parts."""
    vintage_frailty: float = 0.8
    """Of the effect shared by loans made in one calendar year, in the long run; 0 leaves it out."""
    vintage_memory: float = 0.95
    """Correlation of a year's effect with that of the year before: a new vintage continues the last one."""
    size_bands: int = 4
    """Bands of a loan's amount against its product's median; 0 leaves size out (`models.sizes`)."""
    size_spread: float = 0.5
    """Of the effect of a band of size."""
    size_memory: float = 0.8
    """Correlation of a band's effect with that of its neighbour: bands next to each other are alike."""
    memory: bool = True
    """Split the states of a panel by what loans did before, where that foretells moves (`models.memory`)."""
    edge_macro: float = 0.10
    """Of an edge's macro effect about that of all worsening edges together (panels)."""
    edge_loading: float = 0.30
    """Of an edge's reaction to the credit level about 1 (panels)."""
    credit_level: LevelPrior = LEVELS[""]
    """Of the period effect on worsening; a fit without settings takes its tape's of `LEVELS`."""
    prepayment_level: LevelPrior = field(default_factory=lambda: LevelPrior(deviation=0.3))
    tails: float = 4.0
    """Degrees of freedom of the period effects' paths (Student t, one scale a path); 0 is normal."""
    least_events: int = 100
    """Fewer events than this and a fit is marked prior only."""
    search: int = 90
    """Evaluations spent on choosing a period effect's persistence and size."""


def prior_of(provenance: Mapping[str, Any]) -> ProductPrior | None:
    """Return the product's prior that a fitted model started from, from its provenance; None where none."""
    stored = provenance.get("settings", {}).get("prior")
    return None if stored is None else ProductPrior.from_dict(stored)


def effects_of(provenance: Mapping[str, Any]) -> tuple[MacroPrior, ...]:
    """Return the covariates of a fitted model with its beliefs and the lags it chose, from its provenance.

    Raises
    ------
    ModelError : a provenance that does not hold the settings of the fit.
    """
    stored = provenance.get("settings", {}).get("effects")
    if stored is None:
        raise ModelError(
            expected("the settings of the fit in the model's provenance", "none") + "; fit again",
            field="provenance",
        )
    pairs = ("credit", "prepayment")
    return tuple(MacroPrior(**{**one, **{name: tuple(one[name]) for name in pairs}}) for one in stored)
