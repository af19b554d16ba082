"""`fit`: what the lender's own history teaches, and a generator of the economy."""

from __future__ import annotations

import warnings as warn
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from loantwin.book.selection import finished_words
from loantwin.errors import InputError
from loantwin.events.event import Event
from loantwin.macro.generator import MacroGenerator, fit_generator
from loantwin.macro.history import bridge, known_history, last_published
from loantwin.macro.read import read_macro
from loantwin.macro.scenario import Scenario
from loantwin.macro.shipped import BY_CURRENCY, foreign, located
from loantwin.macro.source import MacroSource
from loantwin.models.fitted import FittedModel
from loantwin.models.learning.record import update_words
from loantwin.models.priors.table import ProductPrior, product_prior
from loantwin.models.transfer.source import Source
from loantwin.months import label
from loantwin.outlook.carried import carried_model
from loantwin.outlook.combination import combined, relevelled_words
from loantwin.outlook.environment import saved
from loantwin.outlook.outlook import Outlook, without_covariates
from loantwin.outlook.redated import learnt_model
from loantwin.outlook.scored import MetScore, meet_score
from loantwin.twin import Learnt, Twin, opened, store_fit
from loantwin.types import Progress, silent
from loantwin.verbs.fit.asked import Asked, check_asked, check_combined
from loantwin.verbs.fit.result import FitResult, result_of
from loantwin.verbs.fit.said import left_out_of, started
from loantwin.verbs.fit.sources import check_sources, named, read_source, taken_over


def fit(
    twin: Twin | Path | str,
    macro: Sequence[Path | str] = (),
    *,
    model: str | None = None,
    model_from: Path | str | None = None,
    learn_from: Sequence[Path | str] = (),
    prior: str | None = None,
    combine: bool = False,
    update: bool = False,
    score: str | Path | None = None,
    score_file: Path | str | None = None,
    progress: Progress = silent,
) -> FitResult:
    """Fit transitions, loss given default and prepayment on the history, and a generator on macro files.

    Parameters
    ----------
    twin : a twin opened for writing, or its folder. macro : files that hold a history (scenario Actual); all
        they hold is kept in the home, the fit sees only what was published by the as-of date. None: a model
        without macro covariates, whose period effect alone carries the economy; it answers no scenario.
    model : name of the transition model, built in or an installed package's; None takes the built-in `logit`.
    model_from : home of another fitted twin whose model is taken over as it stands, for a book without a
        history of its own (a snapshot). Its segments and covariates must fit; it may not know more than this
        twin's as-of date.
    learn_from : homes of other fitted twins, of other products or other books, whose posteriors are the
        prior of this fit; this book's own history moves it. They may not know more than this twin's as-of
        date, and must have its states and meaning of default.
    prior : name of a product whose prior model the fit starts from (`priors` lists them): all that a book
        without a history has, and what a short one is added to. Without `macro` it takes the history that
        ships for the book's currency, where there is one.
    combine : store with the model the monthly factors that bring its paths to 3/4 of its own forecast and
        1/4 of the mean of simple rivals; every verb reads them. For a book with a history.
    update : carry the stored model to the twin's as-of date by the months that are new, instead of fitting
        anew. Nothing of the months before is read again; `macro`, where given, replaces the files that the
        last fit kept.
    score : a score, as SCORES[#NAME] (a folder of `score train`; its champion if none is named), whose
        log-odds become a term of every transition with a fitted coefficient. It is computed of each loan's
        columns as known at origination. score_file : the lender's own columns by loan number, where the
        score reads others than the home holds.

    Raises
    ------
    ScenarioError : a macro file that is wrong or holds no history. ModelError : nothing to learn from.
    HomeError : the home is held by another writer.
    UsageError : an unknown `model` or one beside `model_from`, `combine` beside it or of a snapshot, a model
        that knows more than this twin's as-of
        date, one with macro covariates and no file of `macro`, or `update` beside another choice, without new
        months, or of a model it cannot carry on; `learn_from` beside `prior`, `model_from` or another
        `model`, or a source that cannot be carried over; `score` beside any of these but `prior`, of a
        snapshot, or trained on what came after the as-of date.
    """
    asked = Asked(model, model_from, learn_from, prior, combine, update, score, score_file)
    check_asked(asked)
    start = None if prior is None else product_prior(prior)
    with opened(twin, writable=True) as twin:
        check_combined(asked, twin)
        met = None if score is None else meet_score(twin, score, score_file)
        twin = twin if met is None else met.twin
        macro = macro or _shipped(start, twin)
        economy = _economy(twin, macro, update)
        others = tuple(read_source(home, twin) for home in learn_from)
        check_sources(others, twin, bool(macro))
        progress(0.1, "fitting the macro generator")
        generator = twin.taught(None).generator if economy.again else fit_generator(economy.known)
        progress(0.3, "learning from the new months" if update else "fitting the transition model")
        with warn.catch_warnings(record=True) as heard:
            warn.simplefilter("always", UserWarning)
            fitted = _fitted(asked, twin, economy, generator, start, others, met)
        learnt = Learnt(fitted, generator, tuple({item.sha256: item for item in economy.seen}.values()))
        if combine:
            progress(0.6, "combining with the rivals")
            learnt = replace(learnt, model=combined(Outlook(twin.taught(learnt))))
            fitted = learnt.model
        left = left_out_of(twin) if model_from is None else {}
        settings = _settings(asked, twin, economy, fitted, left, others, met)
        also: tuple[Event, ...] = () if met is None else (met.event,)
        unstored: tuple[str, ...] = ()
        if not update:  # which takes less time than these tables: they are made when first asked for
            progress(0.8, "tables for the environment")
            blob = twin.home.put_json(fitted.to_dict())
            tables, unstored = environment_event(twin.taught(learnt), blob)
            also = (*also, *tables)
        progress(0.9, "storing")
        kept = economy.past.get("macro", ())
        files = list(zip(economy.paths, economy.sources, strict=True))
        store_fit(twin, learnt, files, settings, also, kept)
        twin = twin.refreshed()
        own = tuple(str(item.message) for item in heard)
        dropped = (
            f"macro factor {item} is not simulated and not used: {why}"
            for item, why in generator.dropped.items()
        )
        told = () if met is None else met.said
        said = (*_said(twin, fitted, start, economy, own), *unstored, *told, *dropped)
        ends = {name: label(month) for name, month in last_published(twin.history).items()}
        return replace(result_of(twin, fitted, generator, ends, said), left_out=left)


@dataclass(frozen=True)
class Economy:
    """What a fit knows of the economy.

    macro : files as named. paths, sources : where they lie, and what they hold. seen : what the fit reads,
    those of the last fit where `again` carries it on. known : as published by the as-of date. past : what
    the last fit recorded of them.
    """

    macro: Sequence[Path | str]
    paths: Sequence[Path]
    sources: Sequence[MacroSource]
    seen: Sequence[MacroSource]
    known: Scenario
    again: bool
    past: Mapping[str, Any]


def _economy(twin: Twin, macro: Sequence[Path | str], update: bool) -> Economy:
    paths = [located(path) for path in macro]
    sources = [read_macro(path) for path in paths]
    again = update and not paths
    seen = twin.taught(None).macro_sources if again else sources
    lags = twin.config.macro
    known = bridge(known_history(seen, twin.as_of, lags.monthly_lag, lags.quarterly_lag))
    past = twin.fitted.data.get("facts", {}) if again else {}
    return Economy(macro, paths, sources, seen, known, again, past)


def _shipped(start: ProductPrior | None, twin: Twin) -> Sequence[Path | str]:
    """Return the history that ships for the book's currency, for a fit that starts from a prior."""
    shipped = BY_CURRENCY.get(twin.currency)
    return () if start is None or shipped is None else (shipped,)


def _fitted(
    asked: Asked, twin: Twin, economy: Economy, generator: MacroGenerator, start: ProductPrior | None,
    others: tuple[Source, ...], met: MetScore | None,
) -> FittedModel:  # fmt: skip
    if asked.update:
        return carried_model(twin, economy.known, generator)
    if asked.model_from is not None:
        return taken_over(asked.model_from, twin, bool(economy.macro))
    return learnt_model(twin, economy.known, generator, asked.name, start, others, met.bands if met else None)


def _settings(
    asked: Asked, twin: Twin, economy: Economy, fitted: FittedModel, left: Mapping[str, int],
    others: Sequence[Source], met: MetScore | None,
) -> dict[str, Any]:  # fmt: skip
    """Return what the event of the fit records beside the model."""
    files = {path.name: item.sha256 for path, item in zip(economy.paths, economy.sources, strict=True)}
    made: dict[str, Any] = {
        "config": asdict(twin.config),
        "macro_files": economy.past.get("macro_files", files),
    }
    if left:
        made["left_out"] = left
    if asked.model_from is not None:
        made["model_from"] = {"home": Path(asked.model_from).name, "as_of": fitted.as_of.isoformat()}
    if others:
        made["learn_from"] = named(others)
    if met is not None:
        made["score"] = {"name": met.bands.name, "registry_id": met.bands.registry_id}
    return made


def _said(
    twin: Twin, fitted: FittedModel, start: ProductPrior | None, economy: Economy, heard: tuple[str, ...],
) -> tuple[str, ...]:  # fmt: skip
    macro = economy.macro
    return (
        *update_words(fitted),
        *(started(twin, start, macro) if start is not None else ()),
        *(() if fitted.covariates or (start is not None and not macro) else (without_covariates(twin),)),
        *foreign(macro, twin.currency),
        *finished_words(twin.tables.loans, twin.mapping),
        *relevelled_words(fitted.relevel),
        *heard,
        *(text for source in economy.sources for text in source.warnings),
    )


def environment_event(twin: Twin, model_blob: str) -> tuple[tuple[Event, ...], tuple[str, ...]]:
    """Return the event that stores what an environment steps, or why there is none.

    A book that cannot be stepped (all of it in default, say) is fitted all the same.
    """
    try:
        return (saved(twin, model_blob),), ()
    except InputError as error:
        return (), (f"no tables for the environment: {error}",)
