"""What a fit was asked for, and what of it goes together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loantwin.errors import UsageError, expected
from loantwin.models.registry import LOGIT, TRANSITION_MODELS
from loantwin.twin import Twin


@dataclass(frozen=True)
class Asked:
    """The arguments of `fit` that choose what is fitted; meanings are those of the verb."""

    model: str | None
    model_from: Path | str | None
    learn_from: Sequence[Path | str]
    prior: str | None
    combine: bool
    update: bool
    score: str | Path | None
    score_file: Path | str | None

    @property
    def name(self) -> str:
        """The transition model by name."""
        return TRANSITION_MODELS.spelt(self.model or LOGIT, field="model")

    @property
    def other(self) -> str | None:
        """A named model that is not the built-in one."""
        return None if (self.model or LOGIT) == LOGIT else self.model


def check_asked(asked: Asked) -> None:
    """Raise UsageError where a fit is told to start from two things at once, or of an unknown model."""
    if asked.update:
        others = ("model", "model_from", "prior", "combine", "learn_from", "score")
        beside = {name: getattr(asked, name) or None for name in others}
        _alone("update", "`update` with the settings of the stored model", "it and `{}`", beside)
    if asked.model is not None and asked.model_from is not None:
        raise UsageError(expected("`model` or `model_from`", "both"), field="model")
    if asked.prior is not None and (asked.model_from is not None or asked.other is not None):
        other = "`model_from`" if asked.model_from is not None else f"model {asked.model}"
        raise UsageError(expected("`prior` with the built-in model", f"it and {other}"), field="prior")
    if asked.combine and asked.model_from is not None:
        raise UsageError(expected("`combine` with a model that is fitted", "`model_from`"), field="combine")
    if isinstance(asked.learn_from, str | Path):
        raise UsageError(expected("a list of homes", "one"), field="learn_from")
    beside = {"prior": asked.prior, "model_from": asked.model_from, "model": asked.other}
    if asked.learn_from:
        _alone("learn_from", "`learn_from` with the built-in model alone", "`{}` beside it", beside)
    if asked.score is None and asked.score_file is not None:
        raise UsageError(expected("`score` with `score_file`", "the file alone"), field="score_file")
    if asked.score is not None:
        beside = {
            "model": asked.other, "model_from": asked.model_from, "learn_from": asked.learn_from or None,
        }  # fmt: skip
        _alone("score", "`score` with the built-in model alone", "`{}` beside it", beside)
    asked.name  # noqa: B018 (an unknown name raises)


def check_combined(asked: Asked, twin: Twin) -> None:
    """Raise UsageError where rivals would have no history to learn from."""
    if asked.combine and twin.mapping.kind == "snapshot":
        raise UsageError(
            expected("a history for `combine`, which rivals learn from", "a snapshot at one date"),
            field="combine",
        )


def _alone(field: str, wanted: str, was: str, beside: dict[str, Any]) -> None:
    for name, value in beside.items():
        if value is not None:
            raise UsageError(expected(wanted, was.format(name)), field=field)
