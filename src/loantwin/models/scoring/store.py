"""A score on disk: readable text, no pickle; a record that names data, settings and content by hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit

from loantwin.arrays import Floats
from loantwin.errors import ModelError, expected, unknown
from loantwin.files import read_text
from loantwin.models.scoring.binning import Bins
from loantwin.models.scoring.calibration import Calibration
from loantwin.models.scoring.features import Encoded, Feature, encode
from loantwin.models.scoring.kinds import KINDS
from loantwin.models.scoring.scorecard import Scale
from loantwin.models.scoring.table import Table
from loantwin.models.scoring.terms import Terms

FORMAT = 1
RECORD = "record.json"
_LATER = ("form", "time_form", "blanks")
"""Parts of a feature that were added later."""
_LISTS: Mapping[str, type] = {"features": Feature, "terms": Terms, "bins": Bins}
_PARTS: Mapping[str, type] = {"scale": Scale, "calibration": Calibration}


@dataclass(frozen=True)
class Score:
    """A trained model with what it needs to read other cases. kind : its name. time : column of its dates."""

    kind: str
    model: Any
    time: str | None = None


@dataclass(frozen=True)
class Scored:
    """What a score says of cases. pd : (N,) probability of bad. log_odds : (N,).

    encoded : the cases as the model read them, with what it had not seen.
    """

    pd: Floats
    log_odds: Floats
    encoded: Encoded


def predict(score: Score, table: Table) -> Scored:
    """Return the probability of bad of each case, and what the model had never seen.

    Raises
    ------
    ModelError : a column that the model knows is not there, or is of another kind.
    """
    encoded = encode(score.model.features, table, score.time)
    found = KINDS[score.kind].log_odds(score.model, encoded.values)
    return Scored(np.asarray(expit(found)), found, encoded)


def to_text(score: Score) -> str:
    """Return a score as JSON: sorted keys, numbers to the last bit, so that equal models are equal texts."""
    document = {"format": FORMAT, "kind": score.kind, "time": score.time, "model": _plain(score.model)}
    return json.dumps(document, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n"


def _plain(model: Any) -> dict[str, Any]:
    """Return a model as a document; what older models do not have and this one does not use is left off."""
    return asdict(model, dict_factory=lambda items: {k: v for k, v in items if v or k not in _LATER})


def from_text(text: str, file: Path | None = None) -> Score:
    """Return the score that `to_text` wrote.

    Raises
    ------
    ModelError : a text that is no score, or of a newer format.
    """
    try:
        document = json.loads(text)
        number, kind, parts = document["format"], document["kind"], document["model"]
        if number != FORMAT or kind not in KINDS:
            raise ModelError(expected(f"a score of format {FORMAT}", f"{kind} of format {number}"), file=file)
        return Score(kind, _model(KINDS[kind].made, parts), document.get("time"))
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise ModelError(expected("a score as `score train` writes it", str(problem)), file=file) from problem


def _model(made: type, parts: Mapping[str, Any]) -> Any:
    values: dict[str, Any] = {}
    for name, value in parts.items():
        if name in _LISTS:
            values[name] = tuple(_record(_LISTS[name], item) for item in value)
        elif name in _PARTS:
            values[name] = _record(_PARTS[name], value)
        elif name == "members":
            values[name] = tuple((kind, _model(KINDS[kind].made, member)) for kind, member in value)
        else:
            values[name] = _tuples(value)
    known = {item.name for item in fields(made)}
    if set(values) != known:
        raise KeyError(", ".join(sorted(set(values) ^ known)))
    return made(**values)


def _record(kind: type, parts: Mapping[str, Any]) -> Any:
    return kind(**{name: _tuples(value) for name, value in parts.items()})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def write_scores(folder: Path, scores: Mapping[str, Score], record: Mapping[str, Any]) -> str:
    """Write scores and their record into a folder, and return the id: hash of the record with all hashes.

    The same data, settings and versions give the same id to the bit.
    """
    hashes = {}
    for name, score in scores.items():
        text = to_text(score)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
        hashes[name] = hashlib.sha256(text.encode()).hexdigest()
    document = {"format": FORMAT, **record, "models": hashes}
    number = _number(document)
    whole = {**document, "registry_id": number}
    (folder / RECORD).write_text(
        json.dumps(whole, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n",
        encoding="utf-8",
    )
    return number


def _number(document: Mapping[str, Any]) -> str:
    plain = json.dumps(document, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


def read_record(folder: Path | str) -> dict[str, Any]:
    """Return the record of a folder that `score train` wrote.

    Raises
    ------
    ModelError : no such folder, no record, one that does not match its own id, or is of a newer format.
    """
    file = Path(folder) / RECORD
    try:
        record = json.loads(read_text(file, "record of scores", ModelError))
        number, hashes = record["format"], record["models"]
        if type(number) is int and number > FORMAT:
            was = f"format {number}; it needs a newer loantwin"
            raise ModelError(expected(f"a record of scores of format {FORMAT}", was), file=file)
        champion, noted = record["champion"], record.pop("registry_id")
        if champion not in hashes:
            raise ModelError(expected("one of " + ", ".join(hashes), str(champion)), file=file)
        derived = _number(record)
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise ModelError(expected("a record of scores", str(problem)), file=file) from problem
    if derived != noted:
        words = expected(f"the record whose hash is its registry id, {noted}", derived)
        raise ModelError(f"{words}: it was changed; train the scores again", file=file, field="registry_id")
    return {**record, "registry_id": noted}


def read_score(folder: Path | str, name: str | None = None) -> Score:
    """Return a score from the folder that `score train` wrote: the one named, else the record's champion.

    Raises
    ------
    ModelError : no such folder or score, a score that does not match its hash, or is of a newer format.
    """
    record = read_record(folder)
    text = text_of(folder, record, name or record["champion"])
    return from_text(text, Path(folder) / f"{name or record['champion']}.json")


def text_of(folder: Path | str, record: Mapping[str, Any], name: str) -> str:
    """Return the text of a score of a folder, held to the hash that the record names.

    Raises
    ------
    ModelError : no such score, or one that does not match its hash.
    """
    place, hashes = Path(folder), record["models"]
    if name not in hashes:
        raise ModelError(unknown(name, hashes), file=place, field="model")
    file = place / f"{name}.json"
    text = read_text(file, "score", ModelError)
    if hashlib.sha256(text.encode()).hexdigest() != hashes[name]:
        raise ModelError(expected("the score that the record names by hash", "another text"), file=file)
    return text
