"""`fit`: what the lender's own history teaches, and a generator of the economy."""

from __future__ import annotations

import datetime as dt
import warnings as warn
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from loantwin.book.selection import NOT_ENDED, finished_words
from loantwin.engine.rows import published_states
from loantwin.errors import InputError, UsageError, expected
from loantwin.events.event import Event
from loantwin.macro.generator import MacroGenerator, fit_generator
from loantwin.macro.history import bridge, known_history, last_published
from loantwin.macro.read import read_macro
from loantwin.macro.shipped import BY_CURRENCY, foreign, located
from loantwin.models.fitted import FittedModel
from loantwin.models.learning.record import update_words
from loantwin.models.priors.table import ProductPrior, product_prior
from loantwin.models.registry import LOGIT, TRANSITION_MODELS, model_name
from loantwin.models.relevel import Relevel
from loantwin.models.transfer.carried import check_covariates
from loantwin.models.transfer.source import Source, source_of
from loantwin.months import label
from loantwin.outlook.carried import carried_model
from loantwin.outlook.combination import combined, relevelled_words
from loantwin.outlook.environment import saved
from loantwin.outlook.outlook import Outlook, without_covariates
from loantwin.outlook.redated import check_known, learnt_model
from loantwin.outlook.scored import meet_score
from loantwin.twin import Learnt, Twin, opened, store_fit
from loantwin.types import Progress, Result, silent


@dataclass(frozen=True)
class FittedEdge:
    """One transition: what it was learnt from. events are weighted; loan_months is what was at risk."""

    edge: str
    assumed: bool
    events: float
    effective_events: float
    loan_months: float
    macro: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class ScoredFit:
    """What a score tells the twin.

    coefficients : transition -> change of its log-odds by unit of the score's log-odds, with a 90 % interval;
        on the way into default 1 means that the score is right on the twin's definition of default.
    bands, slopes : observed defaults within 12 months of origination beside the twin's and the score's own.
    """

    name: str
    registry_id: str
    coefficients: Mapping[str, Mapping[str, float]]
    bands: tuple[Mapping[str, Any], ...]
    slopes: Mapping[str, Any]


def scored_fit(record: Mapping[str, Any]) -> ScoredFit | None:
    """Return what a fit's diagnostics say of its score, None without one."""
    if "score" not in record:
        return None
    told = record["score"]
    found = {edge["edge"]: edge["score"] for edge in record["edges"] if "score" in edge}
    return ScoredFit(told["name"], told["registry_id"], found, tuple(told["bands"]), told["slopes"])


@dataclass(frozen=True)
class FitResult(Result):
    """What was fitted.

    levels : the period effects, their persistence (phi) and monthly innovation (sigma), log-odds.

    prior_only : what too few events leave to the prior. notes : what was left out and why.
    model : name of the transition model. prior : name of the product's prior model it started from, if any.
    learnt_from : the twins it learnt from, which share of each transition's level rests on them, and by how
        much books are taken to differ, assumed or estimated; empty where the book was learnt from alone.
    left_out : loans that are on the tape and not learnt from, by reason. relevel : factors on monthly odds
        that combine the twin with its rivals, None where its own level stands.
    update : where the model was carried on by new months: from which one, by what, how they were foretold,
        and whether a full refit is recommended; None after a full fit.
    score : the score's coefficients and what its bands say of the first year; None where no score was given.
    """

    SCHEMA = "loantwin.fit/1"

    as_of: dt.date
    segments: tuple[str, ...]
    states: tuple[str, ...]
    absent_states: tuple[str, ...]
    edges: tuple[FittedEdge, ...]
    levels: Mapping[str, Mapping[str, float]]
    loss_given_default: Mapping[str, Any]
    covariates: tuple[str, ...]
    macro_known_until: Mapping[str, str]
    generator: Mapping[str, Any]
    prior_only: tuple[str, ...]
    notes: tuple[str, ...]
    model: str = LOGIT
    prior: str | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    relevel: Relevel | None = None
    update: Mapping[str, Any] | None = None
    learnt_from: Mapping[str, Any] = field(default_factory=dict)
    score: ScoredFit | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def target(self) -> str:
        """Return the state that a loss begins with: `default`, of a source without it `charged_off`."""
        return "default" if any(_end(edge) == "default" for edge in self.edges) else "charged_off"

    @property
    def fate(self) -> str:
        """Return `target` as what loans do: "default" or "are charged off"."""
        return "default" if self.target == "default" else "are charged off"

    @property
    def events(self) -> float:
        """Return how many loans were seen to enter `target`, weighted."""
        return sum(edge.events for edge in self.edges if _end(edge) == self.target and not edge.assumed)

    @property
    def live_months(self) -> float:
        """Return the months that loans were seen live, weighted."""
        at_risk: dict[str, float] = {}
        for edge in self.edges:
            start = edge.edge.split(" -> ")[0]
            at_risk[start] = max(at_risk.get(start, 0.0), edge.loan_months)
        return sum(at_risk.values())

    @property
    def default_rate(self) -> float | None:
        """Return the share of live loans, decimal, that enter `target` in a year: 12 events over live months,
        at most 1; None where none was seen to.
        """
        seen = self.events and self.live_months
        return min(12.0 * self.events / self.live_months, 1.0) if seen else None


def _end(edge: FittedEdge) -> str:
    return edge.edge.split(" -> ")[-1]


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
    if update:
        _alone(model, model_from, prior, combine, learn_from, score)
    if model is not None and model_from is not None:
        raise UsageError(expected("`model` or `model_from`", "both"), field="model")
    if prior is not None and (model_from is not None or (model or LOGIT) != LOGIT):
        other = "`model_from`" if model_from is not None else f"model {model}"
        raise UsageError(expected("`prior` with the built-in model", f"it and {other}"), field="prior")
    if combine and model_from is not None:
        raise UsageError(expected("`combine` with a model that is fitted", "`model_from`"), field="combine")
    _check_alone(learn_from, model, model_from, prior)
    _check_score(score, score_file, model, model_from, learn_from)
    start = None if prior is None else product_prior(prior)
    name = TRANSITION_MODELS.spelt(model or LOGIT, field="model")
    with opened(twin, writable=True) as twin:
        if combine and twin.mapping.kind == "snapshot":
            raise UsageError(
                expected("a history for `combine`, which rivals learn from", "a snapshot at one date"),
                field="combine",
            )
        met = None if score is None else meet_score(twin, score, score_file)
        if met is not None:
            twin = met.twin
        shipped = BY_CURRENCY.get(twin.currency)
        if start is not None and not macro and shipped is not None:
            macro = (shipped,)
        paths = [located(path) for path in macro]
        sources = [read_macro(path) for path in paths]
        again = update and not paths
        seen = twin.taught(None).macro_sources if again else sources
        lags = twin.config.macro
        known = bridge(known_history(seen, twin.as_of, lags.monthly_lag, lags.quarterly_lag))
        others = tuple(read_source(home, twin) for home in learn_from)
        check_sources(others, twin, bool(macro))
        progress(0.1, "fitting the macro generator")
        generator = twin.taught(None).generator if again else fit_generator(known)
        progress(0.3, "learning from the new months" if update else "fitting the transition model")
        with warn.catch_warnings(record=True) as heard:
            warn.simplefilter("always", UserWarning)
            if update:
                fitted = carried_model(twin, known, generator)
            elif model_from is None:
                fitted = learnt_model(
                    twin, known, generator, name, start, others, None if met is None else met.bands
                )
            else:
                fitted = taken_over(model_from, twin, bool(macro))
        learnt = Learnt(fitted, generator, tuple({item.sha256: item for item in seen}.values()))
        if combine:
            progress(0.6, "combining with the rivals")
            learnt = replace(learnt, model=combined(Outlook(twin.taught(learnt))))
            fitted = learnt.model
        past = twin.fitted.data.get("facts", {}) if again else {}
        settings: dict[str, Any] = {
            "config": asdict(twin.config),
            "macro_files": past.get(
                "macro_files",
                {path.name: source.sha256 for path, source in zip(paths, sources, strict=True)},
            ),
        }
        left = left_out_of(twin) if model_from is None else {}
        if left:
            settings["left_out"] = left
        if model_from is not None:
            settings["model_from"] = {"home": Path(model_from).name, "as_of": fitted.as_of.isoformat()}
        if others:
            settings["learn_from"] = _named(others)
        if met is not None:
            settings["score"] = {"name": met.bands.name, "registry_id": met.bands.registry_id}
        also: tuple[Event, ...] = () if met is None else (met.event,)
        unstored: tuple[str, ...] = ()
        if not update:  # which takes less time than these tables: they are made when first asked for
            progress(0.8, "tables for the environment")
            blob = twin.home.put_json(fitted.to_dict())
            tables, unstored = environment_event(twin.taught(learnt), blob)
            also = (*also, *tables)
        progress(0.9, "storing")
        kept = past.get("macro", ())
        store_fit(twin, learnt, list(zip(paths, sources, strict=True)), settings, also, kept)
        twin = twin.refreshed()
        said = (
            *update_words(fitted),
            *(started(twin, start, macro) if start is not None else ()),
            *(() if fitted.covariates or (start is not None and not macro) else (without_covariates(twin),)),
            *foreign(macro, twin.currency),
            *finished_words(twin.tables.loans, twin.mapping),
            *relevelled_words(fitted.relevel),
            *(str(item.message) for item in heard),
            *(text for source in sources for text in source.warnings),
            *unstored,
            *(() if met is None else met.said),
            *(
                f"macro factor {name} is not simulated and not used: {why}"
                for name, why in generator.dropped.items()
            ),
        )
        ends = {name: label(month) for name, month in last_published(twin.history).items()}
        return replace(_result(twin, fitted, generator, ends, said), left_out=left)


def _alone(
    model: str | None,
    model_from: Path | str | None,
    prior: str | None,
    combine: bool,
    learn_from: Sequence[Path | str],
    score: str | Path | None,
) -> None:
    """Raise UsageError where an update is asked for together with what only a full fit can do."""
    others = {
        "model": model,
        "model_from": model_from,
        "prior": prior,
        "combine": combine or None,
        "learn_from": learn_from or None,
        "score": score,
    }
    for name, value in others.items():
        if value is not None:
            raise UsageError(
                expected("`update` with the settings of the stored model", f"it and `{name}`"), field="update"
            )


def _check_alone(
    learn_from: Sequence[Path | str], model: str | None, model_from: Path | str | None, prior: str | None
) -> None:
    """Raise UsageError where a fit is told to start from two things at once."""
    if isinstance(learn_from, str | Path):
        raise UsageError(expected("a list of homes", "one"), field="learn_from")
    if not learn_from:
        return
    beside = {"prior": prior, "model_from": model_from, "model": None if (model or LOGIT) == LOGIT else model}
    for field_, value in beside.items():
        if value is not None:
            raise UsageError(
                expected("`learn_from` with the built-in model alone", f"`{field_}` beside it"),
                field="learn_from",
            )


def _check_score(
    score: str | Path | None,
    score_file: Path | str | None,
    model: str | None,
    model_from: Path | str | None,
    learn_from: Sequence[Path | str],
) -> None:
    """Raise UsageError where a score stands beside what has no term of one."""
    if score is None:
        if score_file is not None:
            raise UsageError(expected("`score` with `score_file`", "the file alone"), field="score_file")
        return
    beside = {
        "model": None if (model or LOGIT) == LOGIT else model,
        "model_from": model_from,
        "learn_from": learn_from or None,
    }
    for field_, value in beside.items():
        if value is not None:
            raise UsageError(
                expected("`score` with the built-in model alone", f"`{field_}` beside it"), field="score"
            )


def read_source(home: Path | str, twin: Twin) -> Source:
    """Return what another fitted twin hands on to this one.

    Raises
    ------
    UsageError : the twin itself, one of the same tape (its loans would count twice), or one whose model is
        not the built-in one's. HomeError : no home there, or one that was not fitted.
    """
    with opened(home) as other:
        if other.home.folder.resolve() == twin.home.folder.resolve():
            raise UsageError(expected("another twin", "this one"), file=home, field="learn_from")
        if other.loaded.data.get("source_hash") == twin.loaded.data.get("source_hash"):
            raise UsageError(
                expected("a twin of other loans", "one of the same tape: its loans would count twice"),
                file=home, field="learn_from",
            )  # fmt: skip
        return source_of(other.model, other.home.folder.name, str(other.fitted.data["model_blob"]))


def check_sources(sources: Sequence[Source], twin: Twin, macro: bool) -> None:
    """Raise UsageError where sources cannot be carried over to a twin.

    Of a later date than the twin's, named twice, with covariates that differ, or with some where the twin
    has no macro file, and the other way round.
    """
    if not sources:
        return
    check_known(sources, twin.as_of, "learn_from")
    hashes = [one.model_hash for one in sources]
    for place, one in enumerate(sources):
        if one.model_hash in hashes[:place]:
            raise UsageError(expected("each source once", f"{one.name} twice"), field="learn_from")
    check_covariates(sources)
    wanted = ", ".join(dict.fromkeys(one.factor for one in sources[0].covariates))
    if wanted and not macro:
        raise UsageError(
            expected(f"macro files with the covariates of the sources ({wanted})", "none"), field="macro"
        )
    if macro and not wanted:
        raise UsageError(
            expected("sources fitted with macro files, as this twin is", "ones without covariates"),
            field="learn_from",
        )


def _named(sources: Sequence[Source]) -> list[dict[str, str]]:
    return [{"home": one.name, "as_of": one.as_of, "model_hash": one.model_hash} for one in sources]


def left_out_of(twin: Twin) -> dict[str, int]:
    """Return how many loans of the tape a fit leaves out, by reason; empty where it reads all."""
    found = twin.selected
    return {NOT_ENDED: found.left_out} if found is not None and found.left_out else {}


def started(twin: Twin, prior: ProductPrior, macro: Sequence[Path | str]) -> tuple[str, ...]:
    """Return in words what a fit that starts from a prior model rests on, and what speaks against it."""
    said = [
        f"started from the prior model {prior.name} ({prior.title}): loantwin priors {prior.name} shows each "
        "number with its source, or as assumed"
    ]
    if not macro:
        said.append(
            f"no macro history ships for {twin.currency}: the period effect carries the whole cycle, and no "
            "scenario can be run without a file of your own"
        )
    elif [str(name) for name in macro] == [BY_CURRENCY.get(twin.currency)]:
        said.append(f"the macro history is the one that ships ({macro[0]}), for want of a file of your own")
    loans = twin.book.loans
    odd = loans.filter((loans["product"] == "revolving") != prior.revolving).height
    if odd:
        kind = "no revolving lines" if prior.revolving else "revolving lines"
        said.append(
            f"{odd} of {loans.height} loans are {kind}, for which the prior model {prior.name} is not meant: "
            "make a twin of each product"
        )
    return tuple(said)


def taken_over(home: Path | str, twin: Twin, macro: bool) -> FittedModel:
    """Return another twin's model; one that knows more than this twin's as-of date is refused.

    Raises
    ------
    UsageError : a model of a later date than this twin's, or one with covariates without a macro file.
    """
    with opened(home) as other:
        model = other.model
    if model.score is not None:
        raise UsageError(
            expected("a model without a score, which the loans of this twin do not have", model.score.name),
            file=home,
            field="model_from",
        )
    if model.as_of > twin.as_of:
        raise UsageError(
            expected(f"a model as of {twin.as_of} or earlier", f"one as of {model.as_of}"),
            file=home,
            field="model_from",
        )
    if model.covariates and not macro:
        wanted = ", ".join(dict.fromkeys(item.factor for item in model.covariates))
        raise UsageError(
            expected(f"macro files with the covariates of the model taken over ({wanted})", "none"),
            field="macro",
        )
    return model


def environment_event(twin: Twin, model_blob: str) -> tuple[tuple[Event, ...], tuple[str, ...]]:
    """Return the event that stores what an environment steps, or why there is none.

    A book that cannot be stepped (all of it in default, say) is fitted all the same.
    """
    try:
        return (saved(twin, model_blob),), ()
    except InputError as error:
        return (), (f"no tables for the environment: {error}",)


def _result(
    twin: Twin, model: FittedModel, generator: MacroGenerator, ends: Mapping[str, str], said: tuple[str, ...]
) -> FitResult:
    record = model.diagnostics
    processes = zip(model.parameters.latents, model.processes, strict=True)
    return FitResult(
        as_of=model.as_of,
        segments=model.segments,
        states=published_states(model.parameters.states),
        absent_states=model.absent,
        edges=tuple(
            FittedEdge(
                edge["edge"],
                edge["assumed"],
                edge["events"],
                edge["effective_events"],
                edge["loan_months"],
                edge["macro"],
            )
            for edge in record["edges"]
        ),
        levels={
            name: {
                "phi": process.phi,
                "sigma": process.sigma,
                "level": process.mean,
                "level_deviation": process.variance**0.5,
            }
            for name, process in processes
        },
        loss_given_default=record["severity"],
        covariates=tuple(covariate.name for covariate in model.covariates),
        macro_known_until=ends,
        generator={
            "factors": list(generator.factors),
            "quarters": len(generator.residuals) if generator.factors else 0,
            "largest_root": generator.root,
            "dropped": dict(generator.dropped),
        },
        prior_only=model.prior_only,
        notes=(*record["notes"], *said),
        model=model_name(model),
        prior=twin.provenance()["prior"],
        relevel=model.relevel,
        update=model.provenance.get("update"),
        learnt_from=record.get("learnt_from", {}),
        score=scored_fit(record),
        provenance=twin.provenance(),
    )
