"""Deciders of a twin: a policy, a score of its register or of a folder, and the twin's view of loans."""

from __future__ import annotations

from datetime import date
from importlib.metadata import version
from pathlib import Path

from loantwin.decisions.deciding.answer import Versions
from loantwin.decisions.deciding.chosen import folder_of, score_of_folder, score_of_register
from loantwin.decisions.deciding.decider import Decider
from loantwin.decisions.deciding.scores import ScoreInUse
from loantwin.decisions.graph_policy import GraphPolicy
from loantwin.errors import UsageError, expected
from loantwin.language import spoken
from loantwin.models.scoring.store import to_text
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.scored import stored_score
from loantwin.outlook.valued import TwinValue
from loantwin.twin import Twin


def decider_of(policy: GraphPolicy, twin: Twin | None, model: Path | str | None, on: date | None) -> Decider:
    """Return a policy with the score that is meant, and the twin's view where it was fitted with that score.

    Raises
    ------
    UsageError : no such model, or a model of the register without a twin. ModelError : a damaged folder.
    """
    use = None if model is None else _score(twin, model, on)
    versions = Versions(
        program=f"loantwin {version('loantwin')}",
        policy=policy.name,
        policy_version=policy.version,
        policy_hash=policy.hash,
        model=None if use is None else use.id,
        model_name=None if use is None else use.name,
        model_hash=None if use is None else use.hash,
        twin=None if twin is None else twin.head[1],
    )
    seen = twin is not None and use is not None and same_score(twin, use)
    value = TwinValue(Outlook(twin)) if seen and twin is not None else None
    return Decider(policy, versions, use, value, language=spoken())


def same_score(twin: Twin, use: ScoreInUse) -> bool:
    """Return whether the twin was fitted with this very score."""
    if use.score is None or twin.last("ModelFitted") is None or twin.model.score is None:
        return False
    return to_text(stored_score(twin).score) == to_text(use.score)


def _score(twin: Twin | None, model: Path | str, on: date | None) -> ScoreInUse:
    place = folder_of(model)
    if place is not None:
        return score_of_folder(*place)
    if twin is None:
        words = expected("a folder of scores, SCORES[#NAME], or a twin whose register has it", str(model))
        raise UsageError(words, field="model")
    return score_of_register(twin, str(model), on)
