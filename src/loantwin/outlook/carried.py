"""A stored model carried to the twin's date by the months since, or why it cannot be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from loantwin.book.mapping import TapeFormat, from_dict
from loantwin.book.schema import SCORE_COLUMN
from loantwin.errors import UsageError, expected
from loantwin.macro.generator import MacroGenerator
from loantwin.macro.history import nowcast
from loantwin.macro.scenario import Scenario
from loantwin.models.fitted import FittedModel
from loantwin.models.learning.grown import AGAIN
from loantwin.models.learning.update import update_model
from loantwin.models.registry import LOGIT, model_name
from loantwin.outlook.redated import only
from loantwin.twin import Twin
from loantwin.types import plain


def carried_model(twin: Twin, known: Scenario, generator: MacroGenerator) -> FittedModel:
    """Return the model that the last fit stored, brought to the twin's as-of date by the new months alone.

    Parameters
    ----------
    known : macro history as known at the date. generator : a model reads only factors that it simulates.

    Raises
    ------
    HomeError : no stored model. UsageError : one that an update cannot carry: of another kind, newer than
        the twin's date, of another reading of the tape, or without a month to learn from.
    """
    stored = twin.fitted
    model = twin.taught(None).model
    _carriable(twin, model)
    seen = nowcast(only(known, generator.factors), twin.as_of)
    _covered(model, seen)
    kept = twin.of_ended_vintages()
    made = update_model(model, kept.known_loans, kept.known_panel, twin.mapping, twin.as_of, seen)
    origin = {**made.provenance["update"], "of": stored.data["model_blob"]}
    return replace(made, provenance={**made.provenance, "update": origin})


def _carriable(twin: Twin, model: FittedModel) -> None:
    """Raise UsageError where the stored model is not one that new months of this twin can be added to."""
    if twin.mapping.kind == "snapshot":
        raise _refused("a book with a history", "a snapshot at one date", "")
    if "model_from" in twin.fitted.data.get("facts", {}):
        raise _refused("a model fitted on this twin's own history", "one taken over from another home")
    if model.score is not None and SCORE_COLUMN not in twin.tables.loans.columns:
        raise _refused(
            f"loans with the score {model.score.name}, which the stored model reads", "ones without"
        )
    if model_name(model) != LOGIT:
        raise _refused(f"a model of the built-in kind, {LOGIT}", model_name(model))
    if model.as_of > twin.as_of:
        raise _refused(f"a stored model as of {twin.as_of} or earlier", f"one as of {model.as_of}")
    if model.as_of == twin.as_of:
        raise _refused(f"months after {model.as_of}, the date of the model and of the book", "none", "")
    before = twin.home.log.last("TapeLoaded", twin.fitted.sequence)
    if before is not None:
        _same_reading(from_dict(twin.home.read_json(before.data["mapping_blob"])), twin.mapping)


def _same_reading(then: TapeFormat, now: TapeFormat) -> None:
    """Raise UsageError where segments, default, or what a mapping assumes are others than at the fit."""
    parts: dict[str, tuple[Any, Any]] = {
        "kind": (then.kind, now.kind),
        "segment_by": (then.segment_by, now.segment_by),
        "definition of default": (then.default, now.default),
        "observes": (sorted(then.observes), sorted(now.observes)),
        "weight": (then.weight, now.weight),
    }
    before, after = dict(then.assumptions), dict(now.assumptions)
    parts |= {f"assumption {name}": (before.get(name), after.get(name)) for name in sorted({*before, *after})}
    for name, (old, new) in parts.items():
        if plain(old) != plain(new):
            raise _refused(f"the {name} that the stored model was fitted with", f"another: {_short(new)}")


def _short(value: Any) -> str:
    text = str(plain(value))
    return text if len(text) <= 80 else text[:77] + "..."


def _covered(model: FittedModel, seen: Scenario) -> None:
    lost = [one.name for one in model.covariates if one.factor not in seen.factors]
    if lost:
        raise _refused("macro files with every covariate of the stored model", f"none with {lost[0]}")


def _refused(wanted: str, was: str, then: str = AGAIN) -> UsageError:
    return UsageError(expected(wanted, was) + then, field="update")
