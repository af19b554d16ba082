"""`model reproduce`: a registered score trained again from its record, and held to the one of then."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ClassVar

from loantwin.decisions.scoring.told import origin
from loantwin.errors import UsageError, expected
from loantwin.events.register import TRANSITION, Model, read_register
from loantwin.extras import require
from loantwin.models.scoring.code import code_hash
from loantwin.models.scoring.kinds import NEED_EXTRA
from loantwin.models.scoring.store import to_text
from loantwin.models.scoring.table import read_table
from loantwin.models.scoring.training import train_again
from loantwin.twin import Twin, opened
from loantwin.types import Progress, Result, silent


@dataclass(frozen=True)
class Difference:
    """What is not as it was: the code, or a package's version. registered : then, null where not recorded."""

    what: str
    registered: str | None
    now: str | None


@dataclass(frozen=True)
class ModelReproduced(Result):
    """A score trained again. same : whether it is the registered one to the bit.

    recorded, derived : sha256 of both texts. differences : what is not as it was when it was trained, whether
    or not the score is the same. differs_at : the first part of the score that is another, null for none.
    """

    SCHEMA: ClassVar[str] = "loantwin.model_reproduce/1"

    id: str
    name: str
    number: int
    kind: str
    data_file: str
    data_hash: str
    same: bool
    recorded: str
    derived: str
    differences: tuple[Difference, ...]
    differs_at: str | None
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def model_reproduce(
    twin: Twin | Path | str, model: str, *, data: Path | str, progress: Progress = silent
) -> ModelReproduced:
    """Train a registered score again from its record, and say whether it is the same to the bit.

    Parameters
    ----------
    twin : an open twin, or its folder. model : its id, the beginning of it, or NAME/VERSION.
    data : the file it was trained on; another one is refused by its hash.

    Raises
    ------
    UsageError : no such score, a transition model, no file or another one. ModelError : a record that cannot
        be followed. ExtraError : boosting without the extra `scoring`. HomeError : no twin's home.
    """
    path = Path(data)
    if not path.is_file():
        raise UsageError(expected("the file that the score was trained on", "none"), file=data, field="data")
    with opened(twin) as twin:
        found = read_register(twin.home, twin.head[0]).find(model)
        if found.kind == TRANSITION:
            raise UsageError(
                expected("a score", f"{found.words}, a transition model; `why` makes its figures anew"),
                field="model",
            )
        if found.kind in NEED_EXTRA:
            require("scoring")
        text = twin.home.read_bytes(found.data["model_blob"]).decode()
        progress(0.1, "reading the cases")
        table = read_table(path)
        if table.sha256 != found.data["data_hash"]:
            raise UsageError(_other_file(found, table.sha256), file=data, field="data")
        progress(0.2, "training again")
        again = to_text(train_again(table, found.data["parameters"], found.kind))
        same = again == text
        differences = tuple(_differences(found))
        return ModelReproduced(
            id=found.id,
            name=found.name,
            number=found.number,
            kind=found.kind,
            data_file=found.data["data_file"],
            data_hash=table.sha256,
            same=same,
            recorded=sha256(text.encode()).hexdigest(),
            derived=sha256(again.encode()).hexdigest(),
            differences=differences,
            differs_at=None if same else _first(json.loads(text), json.loads(again)),
            notes=() if same else (_why(differences),),
            provenance=origin(twin),
        )


def _other_file(model: Model, found: str) -> str:
    file, wanted = model.data["data_file"], model.data["data_hash"]
    return expected(f"{file}, whose sha256 is {wanted[:16]}", f"a file whose sha256 is {found[:16]}")


def _differences(model: Model) -> list[Difference]:
    told = {"code": (model.data.get("code_hash"), code_hash())}
    told |= {name: (then, _version(name)) for name, then in model.data["versions"].items()}
    return [Difference(what, then, now) for what, (then, now) in told.items() if then != now]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _why(differences: tuple[Difference, ...]) -> str:
    if differences:
        return "not the same; what differs from then: " + ", ".join(item.what for item in differences)
    return "not the same, though data, settings, code and versions are: the machine or its libraries differ"


def _first(one: Any, other: Any, place: str = "") -> str:
    """Return the path of the first part in which two documents differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            if one.get(key) != other.get(key) or (key in one) != (key in other):
                return _first(one.get(key), other.get(key), f"{place}.{key}" if place else str(key))
    if isinstance(one, list) and isinstance(other, list):
        for at, (left, right) in enumerate(zip(one, other, strict=False)):
            if left != right:
                return _first(left, right, f"{place}.{at}")
    return place
