"""Fitted uplift in a file: read by the plan, and by whatever else chooses treatments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from loantwin.arrays import Floats
from loantwin.documents import read_document, write_document
from loantwin.errors import ConfigError
from loantwin.models.scoring.features import Feature, encode
from loantwin.models.scoring.table import Table
from loantwin.models.uplift.boosting import Trees
from loantwin.models.uplift.learners import CANDIDATES, Line, Uplift

SCHEMA = "loantwin.uplift/1"
WHAT = "uplift"


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
    return write_document({"schema": SCHEMA, **asdict(kept)}, path, WHAT, read_uplift, field)


def read_uplift(path: Path | str) -> Kept:
    """Return the fitted uplift in a file.

    Raises
    ------
    ConfigError : no such file, no JSON, another schema, or a key that is missing or of another kind.
    """
    file = Path(path)
    document = read_document(file, WHAT, SCHEMA)
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
