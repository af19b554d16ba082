"""Fitted levers kept as a file: effects of price with their posterior, for pricing and the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from loantwin.arrays import Floats
from loantwin.decisions.offers.effects import NAMES
from loantwin.documents import read_document, write_document
from loantwin.engine.step.levers import LeverEffects
from loantwin.errors import ConfigError, UsageError, expected, unknown

SCHEMA = "loantwin.levers/1"
WHAT = "levers"
SLACK = 1e-6
"""Share of the largest variance by which rounding may leave a covariance below none."""


@dataclass(frozen=True)
class Levers:
    """Effects of one percentage point of price, with what is not known of them.

    names : (K,) of `effects.NAMES`. mean : (K,). covariance : (K, K). bias : (K,) how far an unseen cause may
    have moved each, to either side (assumed; 0 where price was random). rate_unit, points_a_year : the unit
    of the log's rates, and percentage points a year in one point. low, high : of the prices that were seen,
    percentage points. sha256 : of the offer log. identified, why : whether price was random.
    """

    names: tuple[str, ...]
    mean: Floats
    covariance: Floats
    bias: Floats
    rate_unit: str
    points_a_year: float
    currency: str
    low: float
    high: float
    identified: bool
    why: str
    source: str
    sha256: str

    def draw(self, number: int, generator: np.random.Generator) -> Floats:
        """Return draws of the parameters, (number, K): normal, and even over what is assumed of bias.

        Raises
        ------
        UsageError : fewer than one draw.
        """
        if number < 1:
            raise UsageError(expected("at least 1 draw", number), field="number")
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        normal = generator.standard_normal((number, len(self.names))) @ root.T
        even = generator.uniform(-1.0, 1.0, (number, len(self.names)))
        return np.asarray(self.mean + normal + even * self.bias)

    def effects(
        self, drawn: Floats | None = None, assumed: LeverEffects | None = None
    ) -> tuple[LeverEffects, tuple[str, ...]]:
        """Return the environment's lever effects with the fitted ones of price in place of the assumed ones.

        Parameters
        ----------
        drawn : (K,) a row of `draw`; None takes the mean. assumed : what the others are; None takes the
            defaults.

        Returns the effects, and in words what was replaced. An effect of the other sign than the lever has
        (dearer loans that sell better, or are late less) is taken as none, which is said.

        Raises
        ------
        UsageError : another number of parameters, or one that is not finite.
        """
        values = self.mean if drawn is None else np.asarray(drawn, dtype=np.float64)
        if values.shape != self.mean.shape or not np.isfinite(values).all():
            raise UsageError(expected(f"{len(self.names)} finite numbers", values.shape), field="drawn")
        told = dict(zip(self.names, values.tolist(), strict=True))
        a_rate = 100.0 / self.points_a_year  # points of the log in one unit of annual rate
        found: dict[str, float] = {}
        if "amount_log_slope" in told:
            found["price_log_amount"] = -told["amount_log_slope"] * a_rate
        if "late_log_odds_slope" in told:
            found["price_log_odds"] = told["late_log_odds_slope"] * a_rate
        base = assumed or LeverEffects()
        said = tuple(
            f"{name} {max(value, 0.0):.4g} a unit of annual rate is fitted, in place of "
            f"{getattr(base, name):g}"
            + ("" if value >= 0.0 else f" ({value:.4g} was of the other sign: taken as none)")
            for name, value in found.items()
        )
        return replace(base, **{name: max(value, 0.0) for name, value in found.items()}), said


def write_levers(levers: Levers, path: Path | str, field: str = "out") -> Path:
    """Write the levers as JSON; what was there stays until the file is whole.

    Raises
    ------
    UsageError : a place that cannot be written, or a file there that is none of levers.
    """
    document = {
        "schema": SCHEMA,
        **{name: getattr(levers, name) for name in _TEXTS},
        "identified": levers.identified,
        **{name: getattr(levers, name) for name in _NUMBERS},
        "names": list(levers.names),
        **{name: np.asarray(getattr(levers, name)).tolist() for name in ("mean", "bias", "covariance")},
    }
    return write_document(document, path, WHAT, read_levers, field)


_TEXTS = ("rate_unit", "currency", "why", "source", "sha256")
_NUMBERS = ("points_a_year", "low", "high")


def read_levers(path: Path | str) -> Levers:
    """Return the levers in a file.

    Raises
    ------
    ConfigError : no such file, no JSON, another schema, a key that is missing or unknown, a value of another
    kind, a covariance that is none.
    """
    file = Path(path)
    document = read_document(file, WHAT, SCHEMA)
    known = ("schema", "identified", "names", "mean", "bias", "covariance", *_TEXTS, *_NUMBERS)
    for key in document:
        if key not in known:
            raise ConfigError(unknown(key, known), file=file, field=key)
    for key in known:
        if key not in document:
            raise ConfigError(expected("a value", "none"), file=file, field=key)
    return _levers(document, file)


def _levers(document: Mapping[str, Any], file: Path) -> Levers:
    names = document["names"]
    if not isinstance(names, list) or not names or not all(name in NAMES for name in names):
        raise ConfigError(expected("names of " + ", ".join(NAMES), names), file=file, field="names")
    width = len(names)
    arrays = {
        key: _numbers(document[key], shape, key, file)
        for key, shape in (("mean", (width,)), ("bias", (width,)), ("covariance", (width, width)))
    }
    covariance = arrays["covariance"]
    least = np.linalg.eigvalsh(covariance).min()
    if not np.allclose(covariance, covariance.T) or least < -SLACK * np.abs(covariance).max():
        raise ConfigError(
            expected("a symmetric covariance without negative variance", "another matrix"),
            file=file, field="covariance",
        )  # fmt: skip
    if (arrays["bias"] < 0.0).any():
        raise ConfigError(expected("numbers of at least 0", document["bias"]), file=file, field="bias")
    for key in _TEXTS:
        if not isinstance(document[key], str):
            raise ConfigError(expected("a text", document[key]), file=file, field=key)
    if not isinstance(document["identified"], bool):
        raise ConfigError(expected("true or false", document["identified"]), file=file, field="identified")
    scalars = {key: float(_numbers(document[key], (), key, file)) for key in _NUMBERS}
    if scalars["points_a_year"] <= 0.0:
        raise ConfigError(
            expected("a number above 0", document["points_a_year"]), file=file, field="points_a_year"
        )
    return Levers(
        names=tuple(names),
        identified=document["identified"],
        **{**arrays, **scalars, **{key: document[key] for key in _TEXTS}},
    )


def _numbers(value: Any, shape: tuple[int, ...], key: str, file: Path) -> Floats:
    try:
        made = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        made = np.array(np.nan)
    if made.shape != shape or not np.isfinite(made).all():
        raise ConfigError(expected(f"finite numbers of shape {shape}", str(value)[:60]), file=file, field=key)
    return made
