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
        taken, a twin that learnt from others before what they knew.
    """
    then = twin.at(date)
    generator = fit_generator(then.history)
    taken = "model_from" in twin.fitted.data.get("facts", {})
    model = twin.model
    if not taken:
        prior = prior_of(model.provenance)
        sources = sources_of(model.provenance)
        check_known(sources, date, "as_of")
        model = learnt_model(then, then.history, generator, model_name(model), prior, sources)
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
) -> FittedModel:
    """Return what the tape teaches a transition model at the twin's as-of date.

    It may only learn from factors the generator can simulate, and on a tape selected on its outcome from
    loans whose term had ended by the tape's end (`Twin.of_ended_vintages`). A product's `prior` or `sources`
    is where the built-in model starts; others have none.
    """
    seen = nowcast(only(known, generator.factors), twin.as_of)
    twin = twin.of_ended_vintages()
    facts = (twin.known_loans, twin.known_panel, twin.mapping, twin.as_of, seen)
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


def only(history: Scenario, factors: Sequence[str]) -> Scenario:
    """Return a history with some of its factors."""
    kept = [place for place, name in enumerate(history.factors) if name in factors]
    return replace(
        history,
        factors=tuple(history.factors[place] for place in kept),
        kinds=tuple(history.kinds[place] for place in kept),
        values=history.values[:, kept],
    )
