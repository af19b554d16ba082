"""A twin at another date, taught by what was known then: where backtests and comparisons of dates start."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from loantwin.errors import UsageError, expected
from loantwin.macro.generator import MacroGenerator, fit_generator
from loantwin.macro.history import nowcast
from loantwin.macro.scenario import Scenario
from loantwin.models.fitted import FittedModel
from loantwin.models.learnt_from import pooled_settings
from loantwin.models.model import fit_model
from loantwin.models.priors.table import ProductPrior
from loantwin.models.registry import LOGIT, learn, model_name
from loantwin.models.scored import ScoreBands
from loantwin.models.settings import LEVELS, prior_of
from loantwin.models.start import prior_settings
from loantwin.models.transfer.source import Source, sources_of
from loantwin.outlook.combination import combined
from loantwin.outlook.outlook import Outlook
from loantwin.twin import Learnt, Twin


def twin_at(twin: Twin, date: dt.date, *, own_level: bool = False) -> Twin:
    """Return the twin as it stood at `date`: book, history, model and generator from what was known then.

    A model that was combined with rivals is combined with those of the date, unless `own_level` is asked for.
    Nothing is written. Where the model was taken over from another home (a book without a history), it stays.

    Raises
    ------
    ModelError, ScenarioError : nothing to learn from by that date. UsageError : a snapshot seen before it was
        taken, a twin that learnt from others before what they knew, one with a score before what that knew.
    """
    then = twin.at(date)
    generator = fit_generator(then.history)
    taken = "model_from" in twin.fitted.data.get("facts", {})
    model = twin.model
    if not taken:
        prior = prior_of(model.provenance)
        sources = sources_of(model.provenance)
        check_known(sources, date, "as_of")
        check_score_known(model.score, date, "as_of")
        named = model_name(model)
        model = learnt_model(then, then.history, generator, named, prior, sources, model.score)
        if twin.model.relevel is not None and not own_level:
            model = combined(Outlook(twin.at(date, Learnt(model, generator))))
    elif own_level:
        model = replace(model, relevel=None)
    return twin.at(date, Learnt(model, generator))


def learnt_model(
    twin: Twin,
    known: Scenario,
    generator: MacroGenerator,
    model: str = LOGIT,
    prior: ProductPrior | None = None,
    sources: Sequence[Source] = (),
    score: ScoreBands | None = None,
) -> FittedModel:
    """Return what the tape teaches a transition model at the twin's as-of date.

    It may only learn from factors the generator can simulate, and on a tape selected on its outcome from
    loans whose term had ended by the tape's end (`Twin.of_ended_vintages`). A product's `prior` or `sources`
    is where the built-in model starts; others have none. `score` names the score that the built-in model has
    a term of; the loans hold its log-odds.
    """
    seen = nowcast(only(known, generator.factors), twin.as_of)
    twin = twin.of_ended_vintages()
    facts = (twin.known_loans, twin.known_panel, twin.mapping, twin.as_of, seen)
    if score is not None:
        return fit_model(*facts, settings=None if prior is None else prior_settings(prior), score=score)
    if sources:
        return fit_model(*facts, settings=pooled_settings(sources, LEVELS[twin.mapping.lending]))
    if prior is None:
        return learn(model, *facts)
    return fit_model(*facts, settings=prior_settings(prior))


def check_known(sources: Sequence[Source], date: dt.date, field: str) -> None:
    """Raise UsageError where a source knew more than what was known at a date."""
    for source in sources:
        if source.date > date:
            raise UsageError(
                expected(f"sources as of {date} or earlier", f"{source.name} as of {source.date}"),
                field=field,
            )


def check_score_known(score: ScoreBands | None, date: dt.date, field: str) -> None:
    """Raise UsageError where a score was trained on cases after a date; without dates nothing can be told."""
    last = None if score is None else score.facts.get("last")
    if score is not None and last is not None and dt.date.fromisoformat(str(last)) > date:
        raise UsageError(
            expected(f"a score trained on cases until {date}", f"{score.name}, whose last case is of {last}"),
            field=field,
        )


def only(history: Scenario, factors: Sequence[str]) -> Scenario:
    """Return a history with some of its factors."""
    kept = [place for place, name in enumerate(history.factors) if name in factors]
    return replace(
        history,
        factors=tuple(history.factors[place] for place in kept),
        kinds=tuple(history.kinds[place] for place in kept),
        values=history.values[:, kept],
    )
