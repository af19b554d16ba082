"""Deciders of a twin: policy, score of its register, and what loans come to as it sees them; now, or then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import version
from pathlib import Path

from loantwin import config as configuration
from loantwin.decisions.deciding.answer import Versions
from loantwin.decisions.deciding.chosen import folder_of, score_of_folder, score_of_register
from loantwin.decisions.deciding.decider import Decider
from loantwin.decisions.deciding.lawful import Law
from loantwin.decisions.deciding.scores import ScoreInUse
from loantwin.decisions.graph_policy import GraphPolicy
from loantwin.decisions.recording.grounds import Asked, law_opened, policy_opened, score_opened
from loantwin.decisions.recording.recorder import words_of
from loantwin.decisions.rollout.rollout import Challenger, Rollout, refusing
from loantwin.decisions.scoring.registered import registered
from loantwin.decisions.scoring.standing import standing
from loantwin.errors import HomeError, UsageError, expected
from loantwin.events.event import Event
from loantwin.events.stops import read_stops
from loantwin.kept import Store
from loantwin.language import spoken
from loantwin.models.scoring.store import to_text
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.scored import stored_score
from loantwin.outlook.valued import TwinValue
from loantwin.twin import Twin


@dataclass(frozen=True)
class Beside:
    """What decides beside the policy in force. challenger : decides a share. shadows : are recorded alone."""

    challenger: GraphPolicy | None = None
    share: float = 0.0
    shadows: tuple[GraphPolicy, ...] = ()


def decider_of(
    policy: GraphPolicy, twin: Twin | None, model: Path | str | None, on: date | None, law: Law | None = None
) -> Decider:
    """Return a policy with the score that is meant and the twin's view; refusing, where they were stopped.

    law : rules that its decisions keep.

    Raises
    ------
    UsageError : no such model, or a model of the register without a twin. ModelError : a damaged folder.
    """
    use = None if model is None else _score(twin, model, on)
    return _decider(policy, twin, use, law)


def rollout_of(
    policy: GraphPolicy, twin: Twin | None, model: Path | str | None, on: date | None, beside: Beside,
    law: Law | None = None,
) -> Rollout:  # fmt: skip
    """Return who decides: the champion of a name with its challengers by their shares; those of share 0 are
    shadows. Or a challenging policy with its share, with the same score.

    Raises
    ------
    UsageError : as of `decider_of`, or two experiments at once. ModelError : as of `decider_of`.
    """
    champion = decider_of(policy, twin, model, on, law)
    shadows = [_with_policy(champion, other) for other in beside.shadows]
    rivals = [] if twin is None or model is None else _challengers(policy, twin, str(model), on, law)
    challengers = [item for item in rivals if item.share > 0.0]
    shadows += [item.decider for item in rivals if item.share == 0.0]
    salt = f"{model}:{'' if champion.score is None else champion.score.id}"
    if beside.challenger is not None:
        if challengers:
            words = expected("one experiment at a time", f"a challenging policy, and challengers of {model}")
            raise UsageError(words, field="challenger")
        challengers = [Challenger(_with_policy(champion, beside.challenger), beside.share)]
        salt = f"{policy.name}:{policy.hash}"
    made = Rollout(champion, tuple(challengers), tuple(shadows), salt)
    return made if twin is None else made.without(_stopped(twin))


def asked_of(twin: Twin, on: date | None) -> Asked:
    """Return what deciders of a twin are asked for, to be kept with what they decide.

    Raises
    ------
    UsageError : a twin that is not as its home has it: another date, or another model.
    """
    if twin.date is not None or twin.learnt is not None:
        words = expected("a twin as its home has it, so that decisions are derived again", "another view")
        raise UsageError(words, field="twin")
    day = on or twin.clock.now().date()
    return Asked(twin.head, configuration.settings_of(twin.config), day, on)


def decider_opened(twin: Twin, event: Event) -> Decider:
    """Return a decider as it was opened, from the home alone: its log up to then, its copies, its settings.

    Parameters
    ----------
    event : a `DeciderOpened` of the twin's log.

    Raises
    ------
    HomeError, LogError, ModelError : a copy or an event that was changed.
    """
    data = event.data
    view = viewed(twin, int(data["view"]), str(data["view_hash"]), data["settings"])
    policy = policy_opened(twin.home, event)
    use = score_opened(twin.home, event)
    if data["registered"]:
        use = score_of_register(view, str(data["model"]), date.fromisoformat(data["day"]))
    law = law_opened(twin.home, event)
    return replace(_decider(policy, view, use, law), language=str(data["language"]))


def viewed(twin: Twin, position: int, digest: str, settings: dict[str, object]) -> Twin:
    """Return a twin as its home was after an event, under the settings of then.

    Raises
    ------
    LogError : an event before that was changed. HomeError : another event there.
    """
    last = None
    twin.home.log.check_span(0, position)
    for page in twin.home.log.pages(0, position):  # each is held to its hash
        last = page[-1]
    if last is None or last[7].hex() != digest:
        raise HomeError(expected(f"event {position} of hash {digest}", "another"), file=twin.home.folder)
    seen = configuration.restored(settings, twin.home.folder)
    return replace(twin, head=(position, digest), store=Store(), config=seen, date=None, learnt=None)


def same_score(twin: Twin, use: ScoreInUse) -> bool:
    """Return whether the twin was fitted with this very score."""
    if use.score is None or twin.last("ModelFitted") is None or twin.model.score is None:
        return False
    return to_text(stored_score(twin).score) == to_text(use.score)


def _decider(policy: GraphPolicy, twin: Twin | None, use: ScoreInUse | None, law: Law | None) -> Decider:
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
    made = Decider(policy, versions, use, language=spoken(), law=_around(law, policy, use))
    if twin is None:
        return made
    if use is not None and same_score(twin, use):
        made = replace(made, value=TwinValue(Outlook(twin)))
    return refusing(made, _stopped(twin))


def _around(law: Law | None, policy: GraphPolicy, use: ScoreInUse | None) -> Law | None:
    """Return the law around a policy and a score: what they read that it forbids."""
    fields = () if use is None or use.score is None else use.score.model.features
    return None if law is None else law.of(policy.graph, (item.name for item in fields))


def _with_policy(champion: Decider, other: GraphPolicy) -> Decider:
    versions = replace(
        champion.versions, policy=other.name, policy_version=other.version, policy_hash=other.hash
    )
    law = _around(champion.law, other, champion.score)
    return replace(champion, policy=other, versions=versions, law=law)


def _stopped(twin: Twin) -> dict[str, str]:
    return {name: words_of(event) for name, event in read_stops(twin.home, twin.head[0]).items()}


def _score(twin: Twin | None, model: Path | str, on: date | None) -> ScoreInUse:
    place = folder_of(model)
    if place is not None:
        return score_of_folder(*place)
    if twin is None:
        words = expected("a folder of scores, SCORES[#NAME], or a twin whose register has it", str(model))
        raise UsageError(words, field="model")
    return score_of_register(twin, str(model), on)


def _challengers(
    policy: GraphPolicy, twin: Twin, model: str, on: date | None, law: Law | None
) -> Sequence[Challenger]:
    """Return the challengers of a name with their shares, in the order of their registration."""
    door = registered(twin)
    day = on or door.today
    seen = door.register.known(day)
    if folder_of(model) is not None or model not in {item.name for item in seen.models.values()}:
        return ()
    shares = standing(seen, model, day).shares
    order = sorted(shares, key=lambda name: seen.models[name].number)
    uses = [(score_of_register(twin, name, on), shares[name]) for name in order]
    return [Challenger(_decider(policy, twin, use, law), share) for use, share in uses if share or use.score]
