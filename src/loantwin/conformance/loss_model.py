"""The conformance check of loss models."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from loantwin.conformance.sample import sample_twin
from loantwin.errors import RiskError, expected
from loantwin.outlook.outlook import Outlook
from loantwin.registry import entry_name
from loantwin.risk.facts import standing
from loantwin.risk.loss.loss import GrossLoss, LossResult
from loantwin.twin import Twin, opened
from loantwin.types import Estimate
from loantwin.verbs.loss.inputs import LossInputs, loss_inputs
from loantwin.verbs.loss.models import MODELS, LossModel
from loantwin.verbs.loss.settings import LossSettings

MONTHS, CONFIDENCE, PATHS, SEED = 12, 0.95, 500, 1
NEAR = 1e-6


def check_loss_model(model: str | LossModel, twin: Twin | Path | str | None = None) -> None:
    """Raise RiskError, naming the model, where its losses are not what `loss` promises.

    Parameters
    ----------
    model : its name, or the function itself.
    twin : a fitted twin, or its folder; None makes a small one of a made-up lender, which takes some seconds.

    Raises
    ------
    RiskError : no `LossResult`; another book, horizon or confidence than asked for; NaN; a value at risk
        beyond the expected shortfall; an unexpected loss that is not value at risk less expected loss; a net
        loss above the gross one; contributions of segments that do not sum to the book's; a curve that is not
        falling; other losses from the same inputs and seed.
    """
    name = entry_name(model)
    run = MODELS.named(model, error=RiskError) if isinstance(model, str) else model
    with ExitStack() as stack:
        found = stack.enter_context(sample_twin() if twin is None else opened(twin))
        outlook = Outlook(found)
        inputs = loss_inputs(outlook, MONTHS, "segment", "implied", SEED)
        settings = LossSettings(
            confidence=CONFIDENCE,
            paths=PATHS,
            seed=SEED,
            not_observable=standing(
                found.book.loans, found.mapping.observes, assumed=tuple(found.book.assumed)
            ).not_observable,
            provenance=found.provenance(),
        )
        made = _answer(name, run(inputs, settings))
        _check_answer(name, made, inputs)
        if run(inputs, settings).to_dict() != made.to_dict():
            raise _wrong_losses(name, "the same losses from the same inputs and seed", "others")


def _answer(name: str, made: object) -> LossResult:
    if not isinstance(made, LossResult):
        raise _wrong_losses(name, "a LossResult", type(made).__name__)
    return made


def _check_answer(name: str, made: LossResult, inputs: LossInputs) -> None:
    made.to_dict()  # NaN and infinity raise
    asked = (inputs.as_of, inputs.currency, MONTHS, CONFIDENCE)
    if (made.as_of, made.currency, made.months, made.confidence) != asked:
        raise _wrong_losses(name, "the book, months and confidence asked for", "others")
    for figures in (made, made.gross):
        _check_figures(name, figures)
    for figure in ("expected_loss", "var", "es"):
        net, gross = getattr(made, figure).value, getattr(made.gross, figure).value
        if net > gross * (1 + NEAR) + NEAR:
            raise _wrong_losses(
                name, f"{figure} net of guarantees no more than before them", f"{net}, {gross}"
            )
        parts = [getattr(part, figure) for part in made.by_segment.values()]
        if parts and abs(sum(parts) - net) > NEAR * abs(net) + NEAR:
            raise _wrong_losses(name, f"segments whose {figure} sum to {net}", sum(parts))
    chances = [point.probability for point in made.curve]
    losses = [point.loss for point in made.curve]
    if losses != sorted(losses) or chances != sorted(chances, reverse=True):
        raise _wrong_losses(name, "a curve of rising losses and falling probabilities", "another")


def _check_figures(name: str, figures: LossResult | GrossLoss) -> None:
    measures: dict[str, Estimate] = {
        key: getattr(figures, key)
        for key in ("expected_loss", "standard_deviation", "unexpected_loss", "var", "es")
    }
    for key, estimate in measures.items():
        if key != "unexpected_loss" and estimate.value < 0.0:
            raise _wrong_losses(name, f"{key} of at least 0", estimate.value)
        if estimate.standard_error < 0.0:
            raise _wrong_losses(name, f"a standard error of {key} of at least 0", estimate.standard_error)
    var, es = measures["var"].value, measures["es"].value
    if es < var * (1 - NEAR):
        raise _wrong_losses(name, f"an expected shortfall beyond the value at risk {var}", es)
    unexpected = var - measures["expected_loss"].value
    if abs(measures["unexpected_loss"].value - unexpected) > NEAR * max(var, 1.0):
        raise _wrong_losses(
            name,
            f"an unexpected loss of {unexpected}, value at risk less expected loss",
            measures["unexpected_loss"].value,
        )


def _wrong_losses(name: str, what: str, was: object) -> RiskError:
    return RiskError(f"loss model {name}: {expected(what, was)}")
