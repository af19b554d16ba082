"""`why`: re-makes a printed figure from its provenance, to the bit, and says from what.

The document's provenance names the command as it was typed, the home's last event, the model and the files.
The command runs again on the home as it stood after that event; later events change nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from loantwin.errors import UsageError, expected
from loantwin.events.copy import copy_until
from loantwin.events.home import LOG, Home
from loantwin.files import read_text
from loantwin.interfaces.cli.made_by import digest, document_of
from loantwin.types import Result

WRITERS = ("fit", "twin", "demo", "synthetic")
"""Commands that write into a home, or make one: they are events of the log and run only once."""
TARGETS = ("--out", "--quarantine", "--table")
"""Options that name a file to write; it is not written again."""


@dataclass(frozen=True)
class Parent:
    """What a figure came from. kind : log, tape, model, settings, program or file.

    recorded, found : hash (of the program its version), as the document tells it and as it is now; None where
    there is none. same : whether they agree.
    """

    kind: str
    name: str
    recorded: str | None
    found: str | None
    same: bool


@dataclass(frozen=True)
class WhyResult(Result):
    """A printed figure beside the one re-made. same : equal to the last bit.

    recorded, derived : as the document has it and as it came out. later_events : of the log, which the figure
    does not see.
    """

    SCHEMA = "loantwin.why/1"

    file: str
    key: str
    same: bool
    recorded: Any
    derived: Any
    command: tuple[str, ...]
    later_events: int
    parents: tuple[Parent, ...]


def why(figure: str) -> WhyResult:
    """Return a printed figure re-made from its provenance, and what it came from.

    Parameters
    ----------
    figure : FILE#KEY, a JSON document that a command printed and a dotted path in it
        (`by_stage.2.allowance`); places of a list are numbers from 0. Run it where the document was printed:
        the command names files as they were typed.

    Raises
    ------
    UsageError : no such file or key, a key of more than one figure, a document without the command that made
        it, of a command that writes, or whose home is not here. LogError : the home's log never held the
        document's event. Others as the command itself.
    """
    from loantwin.interfaces.cli.main import app

    file, document, key = _read(figure)
    recorded = _at(document, key)
    told = document.get("_provenance") or {}
    made_by = told.get("made_by") or {}
    words = tuple(made_by.get("command", ()))
    if not words or "log_head" not in told:
        raise UsageError(
            expected("a document with `_provenance.made_by`, as --json prints it", "another"), file=file
        )
    if words[0] in WRITERS:
        raise UsageError(expected("a command that only reads a home", words[0]), file=file)
    homes = [word for word in words if (Path(word) / LOG).is_file()]
    if not homes:
        raise UsageError(
            expected("the home that the command names, here", "none: " + " ".join(words))
            + "; run why in the folder where the document was printed",
            file=file,
        )
    with TemporaryDirectory(prefix="loantwin-why-") as place:
        folder = Path(place) / "home"
        folder.mkdir()
        with Home.open(Path(homes[0])) as home:
            position = copy_until(home, str(told["log_head"]), folder)
            later = home.log.head[0] - position
        again = document_of(app, _aimed(words, homes[0], folder, Path(place)))
    derived = _at(again, key)
    return WhyResult(
        file=str(file),
        key=key,
        same=type(derived) is type(recorded) and derived == recorded,
        recorded=recorded,
        derived=derived,
        command=words,
        later_events=later,
        parents=_parents(homes[0], told, again["_provenance"], made_by),
    )


def _read(figure: str) -> tuple[Path, dict[str, Any], str]:
    """Return file, document and key of FILE#KEY; an existing path wins over a # inside its name."""
    places = [place for place, mark in enumerate(figure) if mark == "#"]
    for place in reversed(places):
        if Path(figure[:place]).is_file():
            path = Path(figure[:place])
            text = read_text(path, "JSON document", UsageError)
            try:
                document = json.loads(text)
            except json.JSONDecodeError as error:
                raise UsageError(f"expected a JSON document, was: {error}", file=path) from error
            if not isinstance(document, dict):
                raise UsageError(expected("one JSON object", type(document).__name__), file=path)
            return path, document, figure[place + 1 :]
    raise UsageError(
        expected("FILE#KEY, a file that is there and a dotted path in it", figure), field="FIGURE"
    )


def _at(document: Any, key: str) -> Any:
    """Return what stands at a dotted path; names with dots in them are found too."""
    found = _walk(document, key.split(".")) if key else None
    if found is None:
        names = ", ".join(map(str, document)) if isinstance(document, Mapping) else ""
        raise UsageError(expected("a path in the document, starting with one of " + names, key), field="KEY")
    if isinstance(found[0], Mapping | list):
        inside = found[0] if isinstance(found[0], Mapping) else range(len(found[0]))
        names = ", ".join(f"{key}.{name}" for name in list(inside)[:8])
        raise UsageError(expected("the path of one figure, such as " + names, key), field="KEY")
    return found[0]


def _walk(value: Any, parts: Sequence[str]) -> tuple[Any] | None:
    if not parts:
        return (value,)
    if isinstance(value, list):
        if not parts[0].isdigit() or int(parts[0]) >= len(value):
            return None
        return _walk(value[int(parts[0])], parts[1:])
    if isinstance(value, Mapping):
        for size in range(1, len(parts) + 1):
            name = ".".join(parts[:size])
            if name in value and (found := _walk(value[name], parts[size:])) is not None:
                return found
    return None


def _aimed(words: Sequence[str], home: str, folder: Path, place: Path) -> list[str]:
    """Return the command's words with the copied home, writing nothing but into a folder that vanishes."""
    made: list[str] = []
    for word in words:
        option, mark, value = word.partition("=")
        if made and made[-1] in TARGETS:
            word = str(place / Path(word).name)
        elif option in TARGETS and mark:
            word = f"{option}={place / Path(value).name}"
        made.append(str(folder) if word == home else word)
    return made


def _parents(
    home: str, told: Mapping[str, Any], again: Mapping[str, Any], made_by: Mapping[str, Any]
) -> tuple[Parent, ...]:
    def of(kind: str, name: str, recorded: Any, found: Any) -> Parent:
        texts = [None if value is None else str(value) for value in (recorded, found)]
        return Parent(kind, name, texts[0], texts[1], texts[0] == texts[1])

    rows = [
        of("log", home, told.get("log_head"), again.get("log_head")),
        of("tape", str(told.get("source")), told.get("source_hash"), again.get("source_hash")),
        of("model", str(told.get("prior") or "fitted"), told.get("model_hash"), again.get("model_hash")),
        of("settings", "twin.toml", _hash(told.get("settings")), _hash(again.get("settings"))),
        of("program", "loantwin", made_by.get("version"), version("loantwin")),
    ]
    for name, recorded in (made_by.get("files") or {}).items():
        there = Path(name).is_file()
        rows.append(of("file", name, recorded, digest(Path(name)) if there else None))
    return tuple(rows)


def _hash(settings: Any) -> str | None:
    if settings is None:
        return None
    return sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
