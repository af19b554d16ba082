"""Other twins that a fit learns from, or whose model it takes over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from loantwin.errors import UsageError, expected
from loantwin.models.fitted import FittedModel
from loantwin.models.transfer.carried import check_covariates
from loantwin.models.transfer.source import Source, source_of
from loantwin.outlook.redated import check_known
from loantwin.twin import Twin, opened


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


def named(sources: Sequence[Source]) -> list[dict[str, str]]:
    return [{"home": one.name, "as_of": one.as_of, "model_hash": one.model_hash} for one in sources]


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
