"""A start without history: a product's prior as settings of a fit, and a book that stands without a past."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from loantwin import months
from loantwin.book.schema import DEFAULT_STATES
from loantwin.macro.covariates import Covariate
from loantwin.models.counts import LIKE_CURRENT, PANEL_LIVE, Counts, segment_codes
from loantwin.models.latent import LevelPrior, usual_scale
from loantwin.models.priors.beliefs import product_beliefs
from loantwin.models.priors.curves import PriorEdges, prior_edges
from loantwin.models.priors.table import ProductPrior
from loantwin.models.settings import TYPICAL_SCALE, FitSettings, effects_believed

PAYOFF_LEVEL = LevelPrior(deviation=0.1, noise=0.05)
"""The range of prepayment between lenders is the belief; its moves by month are small beside it."""


def prior_settings(prior: ProductPrior) -> FitSettings:
    """Return the settings of a fit that starts from a product's prior."""
    beliefs = product_beliefs(prior)
    return FitSettings(
        effects=effects_believed(beliefs),
        beliefs=beliefs,
        prior=prior,
        segment_own=0.15,
        edge_macro=0.02,
        vintage_frailty=0.5,
        prepayment_level=PAYOFF_LEVEL,
    )


def beliefs_of(settings: FitSettings, states: Sequence[str], live: int) -> PriorEdges | None:
    """Return what the prior of a fit says of the edges between some states; None without a prior."""
    if settings.prior is None:
        return None
    default = "default" if "default" in states else "charged_off"
    own = settings.segment_own**2 + settings.vintage_frailty**2 * (1.0 - settings.vintage_memory**2)
    return prior_edges(settings.prior, states[:live], default, settings.ages, own)


def settled(settings: FitSettings, covariates: Sequence[Covariate], reach: float) -> FitSettings:
    """Return settings whose macro effects are by one standard deviation and by edge, and the period effect's.

    What is believed of the default rate by unit becomes log-odds of an edge by one standard deviation of its
    covariate: times the covariate's scale in units, over the reach of the edges that lead to default. A
    covariate that history does not hold takes its usual scale. Of a product's prior, the period effect
    carries the whole cycle where no covariate stands for the economy.

    Parameters
    ----------
    reach : change of the log default rate by one log-odds on every worsening edge.
    """
    scale = {one.name: one.scale for one in covariates}
    effects = []
    for effect in settings.effects:
        if not effect.unit:
            effects.append(effect)
            continue
        usual = TYPICAL_SCALE.get(f"{effect.factor}.{effect.transform}", 0.0)
        step = scale.get(effect.name, usual) / effect.unit / reach
        effects.append(
            replace(effect, credit=(effect.credit[0] * step, max(effect.credit[1] * step, 1e-6)), unit=0.0)
        )
    if settings.prior is None:
        return replace(settings, effects=tuple(effects))
    known = any(effect.name in scale for effect in settings.effects if effect.unit)
    swing = settings.prior.period if known else settings.prior.cycle
    # heavy tails are part of what a swing was measured with
    level = LevelPrior(
        half_life=swing.half_life,
        deviation=swing.deviation / reach / usual_scale(settings.tails),
        deviation_spread=0.3,
        noise=0.05 / reach,
    )
    return replace(settings, effects=tuple(effects), credit_level=level)


def live_states(states: pl.Series, observed: bool) -> tuple[str, ...]:
    """Return the live states of a model for a book: all of arrears where a tape tells any apart.

    Parameters
    ----------
    states : of the book's loans. observed : the tape counts days past due, whether or not a loan is late.
    """
    late = set(PANEL_LIVE[1:]) & set(states.drop_nulls().unique().to_list())
    return PANEL_LIVE if late or observed else PANEL_LIVE[:1]


def standing_counts(loans: pl.DataFrame, labels: pl.Series, as_of: dt.date, live: Sequence[str]) -> Counts:
    """Return the counts of a book without history: its loans by state, segment and age, and no move.

    Loans in default or closed, and loans without an origination date, are left out and counted in `facts`.

    Parameters
    ----------
    loans : (N,) the loan table. labels : (N,) segment labels. live : the model's live states.
    """
    month = months.month_of(as_of, months.anchor_day(as_of))
    codes, segments = segment_codes(labels)
    states = (*live, "default", "prepaid")
    state = loans["state"].fill_null("current")
    known = state.replace(dict.fromkeys(LIKE_CURRENT, "current"))
    known = known.set(~known.is_in([*live, *DEFAULT_STATES]) & known.is_in(PANEL_LIVE), live[0])
    alive = known.is_in(list(live)) & loans["origination_date"].is_not_null()
    chosen = loans.filter(alive)
    start = months.months_of(chosen["origination_date"].to_numpy(), months.anchor_day(as_of))
    standing = pl.DataFrame(
        {
            "from_state": known.filter(alive).replace_strict(
                {name: place for place, name in enumerate(live)}, return_dtype=pl.Int32
            ),
            "segment": codes[alive.to_numpy()].astype(np.int32),
            "age": np.maximum(month - start, 0).astype(np.int32),
            "at_risk": chosen["weight"].to_numpy().astype(float),
        }
    ).with_columns(month=pl.lit(month, dtype=pl.Int32))
    none = standing.clear().with_columns(
        **{f"moved_{name}": pl.lit(0.0) for name in states if name != live[0]}
    )
    facts = {"loans": loans.height, "left out: not live, or without an origination date": int((~alive).sum())}
    return Counts(states, len(live), segments, none, month, month, 1.0, facts, standing)
