"""What decided: the event `DeciderOpened`, with copies of policy and score in the home."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from loantwin.decisions.deciding.decider import Decider
from loantwin.decisions.deciding.lawful import Law
from loantwin.decisions.deciding.scores import ScoreInUse
from loantwin.decisions.graph.read import parse_graph
from loantwin.decisions.graph_policy import GraphPolicy, policy_of
from loantwin.decisions.profiles import rules_from, rules_text
from loantwin.errors import HomeError, expected
from loantwin.events.codec import encode
from loantwin.events.event import Event
from loantwin.events.home import Home
from loantwin.models.scoring.store import from_text, to_text

DIGITS = 16
PACKAGES = ("loantwin", "numpy", "polars", "scipy", "numba", "zen-engine", "lightgbm")
"""What the bits of an answer may hang on."""


@dataclass(frozen=True)
class Asked:
    """What a decider was asked for beside policy and score.

    view : sequence and hash of the last event it saw. settings : of the twin. day : on which the register was
    asked. on : the day of applications that have none.
    """

    view: tuple[int, str]
    settings: Mapping[str, Any]
    day: date
    on: date | None


@lru_cache(maxsize=1)
def packages() -> dict[str, str]:
    """Return versions of what decides: Python, the program, the packages that are installed."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def opened_event(home: Home, decider: Decider, asked: Asked) -> Event:
    """Return the event that a decider was opened; policy, score and law are in the home when this returns.

    Raises
    ------
    HomeError : a home opened for reading.
    """
    policy, use = decider.policy, decider.score
    data: dict[str, Any] = {
        "policy": policy.name,
        "policy_hash": policy.hash,
        "policy_file": Path(policy.file).name,
        "policy_blob": home.put_bytes(_document(policy)),
        "registered": use is not None and use.registered,
        "valued": decider.value is not None,
        "view": asked.view[0],
        "view_hash": asked.view[1],
        "settings": dict(asked.settings),
        "day": asked.day.isoformat(),
        "language": decider.language,
        "versions": packages(),
    }
    if policy.version:
        data["policy_version"] = policy.version
    if asked.on is not None:
        data["on"] = asked.on.isoformat()
    if decider.law is not None:
        data["profiles"] = list(decider.law.profiles)
        data["law_blob"] = home.put_bytes(rules_text(decider.law.rules).encode())
    if use is not None:
        named = {"model": use.id, "model_name": use.name, "model_hash": use.hash}
        data |= {name: value for name, value in named.items() if value}
        if use.registered and (home.blobs.folder / use.hash).is_file():
            data["model_blob"] = use.hash  # the register keeps it
        elif use.score is not None:
            data["model_blob"] = home.put_bytes(to_text(use.score).encode())
    number = sha256(encode(data).encode()).hexdigest()[:DIGITS]
    return Event("DeciderOpened", asked.day, {"decider_id": number, **data}, f"decider:{number}")


def _document(policy: GraphPolicy) -> bytes:
    """Return a policy as a file that the editor opens; keys keep their order, which its hash follows."""
    document = {"contentType": "application/vnd.gorules.decision", "metadata": dict(policy.graph.metadata)}
    return json.dumps(document | json.loads(policy.graph.text), ensure_ascii=False).encode()


def policy_opened(home: Home, event: Event) -> GraphPolicy:
    """Return the policy that an event `DeciderOpened` names, from its copy in the home.

    Raises
    ------
    HomeError : a copy that is damaged, or is not what the event says.
    """
    name = event.data["policy_file"]
    policy = policy_of(parse_graph(home.read_json(event.data["policy_blob"]), name, name), name)
    if policy.hash != event.data["policy_hash"]:
        raise HomeError(
            expected(f"a policy of hash {event.data['policy_hash'][:DIGITS]}", policy.hash[:DIGITS]),
            file=home.blobs.path_of(event.data["policy_blob"]),
        )
    return policy


def law_opened(home: Home, event: Event) -> Law | None:
    """Return the rules of law that an event says decisions kept, from their copy; None where it says none.

    Raises
    ------
    HomeError : a copy that is damaged.
    """
    if "law_blob" not in event.data:
        return None
    return Law(tuple(event.data["profiles"]), rules_from(home.read_json(event.data["law_blob"])))


def score_opened(home: Home, event: Event) -> ScoreInUse | None:
    """Return the score that an event names and nobody registered, from its copy; None where there is none.

    Raises
    ------
    HomeError, ModelError : a copy that is damaged.
    """
    data = event.data
    if "model_blob" not in data:
        return None
    text = home.read_bytes(data["model_blob"]).decode()
    score = from_text(text, home.blobs.path_of(data["model_blob"]))
    return ScoreInUse(score, data.get("model", ""), data.get("model_name", ""), data.get("model_hash", ""))
