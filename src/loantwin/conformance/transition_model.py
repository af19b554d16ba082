"""The conformance check of transition models."""

from __future__ import annotations

import json
import tomllib

import numpy as np

from loantwin.arrays import Floats
from loantwin.book.as_of import book_at, known_at
from loantwin.book.mapping import from_dict
from loantwin.book.schema import PANEL
from loantwin.book.segments import segment_labels
from loantwin.conformance.sample import sample_book
from loantwin.engine.loss import default_probabilities
from loantwin.errors import InputError, ModelError, expected
from loantwin.models.book_columns import exposure_of, loan_columns
from loantwin.models.fitted import FittedModel
from loantwin.models.forecasting import draw_shocks, mean_shocks
from loantwin.models.registry import TRANSITION_MODELS, TransitionModel, learnt_by
from loantwin.models.transitions import POOLED
from loantwin.registry import entry_name
from loantwin.synthesis.generate import CURRENCY
from loantwin.synthesis.lender_tape import plain_mapping

AHEAD, PATHS = 12, 4


def check_transition_model(model: str | TransitionModel) -> None:
    """Raise ModelError, naming the model, where it cannot make a twin's model.

    It is taught a small made-up lender as a monthly panel, and as a table of outcomes. One of the two it may
    refuse (by a ModelError of its own); what it makes of the other is held against what forecasts, provisions
    and the stored home ask of a model.

    Parameters
    ----------
    model : its name, or the function itself.

    Raises
    ------
    ModelError : both histories refused; no `FittedModel` as of the date, or one that contradicts itself
        (`models.fitted.check_model`); other numbers from the same history, or after it was stored; segments
        that are not the book's; multipliers or default probabilities that are none.
    """
    name = entry_name(model)
    learner = TRANSITION_MODELS.named(model) if isinstance(model, str) else model
    refused: list[str] = []
    for kind in ("panel", "outcomes"):
        try:
            made = _taught(learner, name, kind)
        except InputError as error:
            refused.append(f"{kind}: {error}")
            continue
        again = _taught(learner, name, kind)
        if made.to_json() != again.to_json():
            raise _wrong_model(name, "the same model from the same history", "another")
        if FittedModel.from_dict(json.loads(made.to_json())).to_json() != made.to_json():
            raise _wrong_model(name, "the same model after it was stored", "another")
        _check_use(name, kind, made)
    if len(refused) == 2:
        raise _wrong_model(name, "a model of a panel or of outcomes", "; ".join(refused))


def _taught(learner: TransitionModel, name: str, kind: str) -> FittedModel:
    book = sample_book()
    mapping = from_dict(tomllib.loads(plain_mapping("sample", CURRENCY, kind)))
    loans = known_at(book.loans, book.as_of)
    panel = known_at(book.panel, book.as_of, PANEL) if kind == "panel" else None
    return learnt_by(learner, name, loans, panel, mapping, book.as_of, book.macro)


def _check_use(name: str, kind: str, model: FittedModel) -> None:
    sample, parameters = sample_book(), model.parameters
    mapping = from_dict(tomllib.loads(plain_mapping("sample", CURRENCY, kind)))
    book = book_at(sample.loans, sample.panel if kind == "panel" else None, mapping, sample.as_of)
    unknown = set(segment_labels(book.loans, mapping)) - set(parameters.segments)
    if unknown:
        raise _wrong_model(name, "every segment of the book", f"none for {min(unknown)}")
    if POOLED not in parameters.segments:
        raise _wrong_model(name, f"the segment {POOLED}, for loans whose own was never seen", "none")
    columns = loan_columns(book, model, mapping)
    calm = np.zeros((AHEAD, len(parameters.factors)))
    drawn = draw_shocks(model, calm, 1, paths=PATHS, exposure=exposure_of(model, columns, AHEAD))
    mean = mean_shocks(model, calm)
    _check_shocks(name, drawn, (PATHS, AHEAD, len(parameters.origin)))
    _check_shocks(name, mean, (AHEAD, len(parameters.origin)))
    pd = default_probabilities(parameters, columns, np.ascontiguousarray(mean[None]))[:, 0]
    if not ((pd >= 0.0) & (pd < 1.0)).all() or not pd.any():
        raise _wrong_model(name, "default probabilities from 0 to below 1", f"{pd.min()} to {pd.max()}")


def _check_shocks(name: str, shocks: Floats, shape: tuple[int, ...]) -> None:
    if shocks.shape != shape or not (np.isfinite(shocks) & (shocks > 0.0)).all():
        raise _wrong_model(name, f"positive finite multipliers of shape {shape}", f"{shocks.shape} or others")


def _wrong_model(name: str, what: str, was: object) -> ModelError:
    return ModelError(f"transition model {name}: {expected(what, was)}")
