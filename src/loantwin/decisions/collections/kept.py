"""Fitted uplift in a file: read by the plan, and by whatever else chooses treatments."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from loantwin.arrays import Floats
from loantwin.errors import ConfigError, UsageError, expected
from loantwin.files import check_target, read_text, replace_file
from loantwin.models.scoring.features import Feature, encode
from loantwin.models.scoring.table import Table
from loantwin.models.uplift.boosting import Trees
from loantwin.models.uplift.learners import CANDIDATES, Line, Uplift

SCHEMA = "loantwin.uplift/1"


@dataclass(frozen=True)
class Kept:
    """What was fitted. models : treatment -> its estimator. shown : treatment -> whether its average effect
    is told from 0. ranks : treatment -> whether its ranking is better than chance. sha256 : of the log.
    """

    features: tuple[Feature, ...]
    models: Mapping[str, Uplift]
    shown: Mapping[str, bool]
    ranks: Mapping[str, bool]
    source: str
    sha256: str

    def uplift(self, table: Table, treatments: tuple[str, ...], *, ranked: bool = True) -> Floats:
        """Return what each treatment adds to each case, (N, K), in the outcome's unit.

        What is not shown adds nothing; a treatment whose ranking is not shown adds its average to every case,
        and so does every one where `ranked` is False. One that was never fitted adds nothing.

        Raises
        ------
        ModelError : a feature that is not in the table, or is of another kind.
        """
        values = encode(self.features, table).values
        made = np.zeros((table.rows, len(treatments)))
        for place, name in enumerate(treatments):
            model = self.models.get(name)
            if model is None:
                continue
            if ranked and self.ranks[name]:
                made[:, place] = model.predict(values)
            elif self.shown[name]:
                made[:, place] = model.constant
        return made


def write_uplift(kept: Kept, path: Path | str, field: str = "out") -> Path:
    """Write fitted uplift as JSON; what was there stays until the file is whole.

    Raises
    ------
    UsageError : a place that cannot be written, or a file there that is none of uplift.
    """
    target = Path(path)
    check_target(target, field)
    if target.exists():
        try:
            read_uplift(target)
        except ConfigError as error:
            words = expected("a new file, or one of uplift", str(target))
            raise UsageError(f"{words}; choose another name, or move that file away", field=field) from error
    document = {"schema": SCHEMA, **asdict(kept)}
    replace_file(target, json.dumps(document, indent=1, allow_nan=False) + "\n", field)
    return target


def read_uplift(path: Path | str) -> Kept:
    """Return the fitted uplift in a file.

    Raises
    ------
    ConfigError : no such file, no JSON, another schema, or a key that is missing or of another kind.
    """
    file = Path(path)
    text = read_text(file, "file of uplift", ConfigError)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise ConfigError(f"expected a readable file of uplift, was: {problem}", file=file) from problem
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        was = document.get("schema") if isinstance(document, dict) else type(document).__name__
        raise ConfigError(expected(f"the schema {SCHEMA}", was), file=file, field="schema")
    try:
        return Kept(
            tuple(_feature(item) for item in document["features"]),
            {name: _model(item) for name, item in document["models"].items()},
            {name: bool(document["shown"][name]) for name in document["models"]},
            {name: bool(document["ranks"][name]) for name in document["models"]},
            str(document["source"]),
            str(document["sha256"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise ConfigError(
            f"expected a file of uplift as `collections fit` writes it, was one with {problem!r}", file=file
        ) from problem


def _feature(item: Mapping[str, Any]) -> Feature:
    told: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in item.items()
    }
    return Feature(**told)


def _model(item: Mapping[str, Any]) -> Uplift:
    if item["kind"] not in CANDIDATES:
        raise ValueError(item["kind"])
    line = item["line"]
    made = (
        None
        if line is None
        else Line(
            float(line["constant"]),
            *(tuple(map(float, line[name])) for name in ("slopes", "means", "scales")),
        )
    )
    models = tuple(Trees(tuple(map(str, part["texts"])), bool(part["logistic"])) for part in item["models"])
    return Uplift(item["kind"], float(item["constant"]), made, models)
