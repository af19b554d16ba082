"""Shocks of the user's own: a factor pushed off a baseline and let back; any scenario made milder or harsher.

A shock's shape rises in a straight line from 0 in the as-of month to 1 in month `months_to_peak`, stays for
`months_at_peak` and falls in a straight line to 0 over `months_to_decay` (0: it never falls). Rates, yields
and growth move by shape x peak (percentage points), indices by the factor (1 + peak) ^ shape (percent), so
that half the shape is half the log change.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from loantwin import months
from loantwin.arrays import Floats
from loantwin.errors import ScenarioError, UsageError, expected
from loantwin.files import read_toml
from loantwin.macro.scenario import Scenario

MOST_SEVERE = 2.0
UNITS = ("points", "percent", "deviations")
_TOP = ("name", "shock")
_KEYS = ("factor", "unit", "peak", "months_to_peak", "months_at_peak", "months_to_decay")


@dataclass(frozen=True)
class Shape:
    """Months to the peak (at least 1), at the peak after it, and back to the baseline (0: for good).

    Raises
    ------
    UsageError : no whole number of months from 0 (to the peak: 1) to 600.
    """

    months_to_peak: int = 12
    months_at_peak: int = 0
    months_to_decay: int = 24

    def __post_init__(self) -> None:
        for name, least in (("months_to_peak", 1), ("months_at_peak", 0), ("months_to_decay", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 600:
                raise UsageError(expected(f"a whole number of months from {least} to 600", value), field=name)

    def path(self, length: int) -> Floats:
        """Return the shape in months 1..T, (T,), from 0 to 1."""
        month = np.arange(1, length + 1)
        rise = month / self.months_to_peak
        after = month - self.months_to_peak - self.months_at_peak
        fall = 1.0 - np.maximum(after, 0) / self.months_to_decay if self.months_to_decay else np.ones(length)
        return np.clip(np.minimum(rise, fall), 0.0, 1.0)


def parse_shape(text: str) -> Shape:
    """Return the shape of `UP/HOLD/DOWN`, months.

    Raises
    ------
    UsageError : another form, or months out of range.
    """
    parts = text.split("/")
    if len(parts) != 3 or not all(part.strip().isdigit() for part in parts):
        raise UsageError(expected("UP/HOLD/DOWN in months, like 12/0/24", text), field="shape")
    return Shape(*(int(part) for part in parts))


@dataclass(frozen=True)
class Shock:
    """One factor's shock.

    peak : in `unit`. points : percentage points, of rates, yields and growth. percent : of the level; of an
        index, or of any factor that stays positive. deviations : standard deviations (`deviation` of
        `applied`).

    Raises
    ------
    UsageError : an unknown unit, a peak that is not finite, a fall by 100 percent or more.
    """

    factor: str
    peak: float
    unit: str
    shape: Shape = Shape()

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise UsageError(
                expected("a unit of " + ", ".join(UNITS), self.unit), field=f"{self.factor}: unit"
            )
        if (
            isinstance(self.peak, bool)
            or not isinstance(self.peak, int | float)
            or not math.isfinite(self.peak)
        ):
            raise UsageError(expected("a finite number", self.peak), field=f"{self.factor}: peak")
        if self.unit == "percent" and not self.peak > -100.0:
            raise UsageError(
                expected("a fall of less than 100 percent", self.peak), field=f"{self.factor}: peak"
            )

    @property
    def words(self) -> str:
        """Return the shock in words."""
        unit = {"points": "percentage points", "percent": "%", "deviations": "standard deviation"}[self.unit]
        unit += "s" if self.unit == "deviations" and abs(self.peak) != 1 else ""
        shape = self.shape
        held = f", held {shape.months_at_peak}" if shape.months_at_peak else ""
        back = f", back by month {shape.months_to_peak + shape.months_at_peak + shape.months_to_decay}"
        return (
            f"{self.peak:+g} {unit} in month "
            f"{shape.months_to_peak}{held}{back if shape.months_to_decay else ', for good'}"
        )


def default_unit(kind: str) -> str:
    """Return the unit a shock of a factor of this kind is given in where none is stated."""
    return "percent" if kind == "index" else "points"


def shocked(
    baseline: Scenario,
    first: int,
    shocks: Sequence[Shock],
    name: str,
    deviations: Mapping[str, float] | None = None,
) -> Scenario:
    """Return the baseline with factors moved away from it, from month `first` on.

    Parameters
    ----------
    first : the month after the as-of date; earlier months stay.
    deviations : factor -> one standard deviation: a difference, or of log levels for an index.

    Raises
    ------
    UsageError : a factor that the baseline lacks, given twice, or without a standard deviation; points for an
        index.
    ScenarioError : a rate beyond 0 to 1.
    """
    values, seen = baseline.values.copy(), set[str]()
    place = max(first - baseline.first, 0)
    for shock in shocks:
        if shock.factor not in baseline.factors:
            raise UsageError(
                expected("a factor of the baseline: " + ", ".join(baseline.factors), shock.factor),
                field="factor",
            )
        if shock.factor in seen:
            raise UsageError(expected("each factor once", f"{shock.factor} twice"), field="factor")
        seen.add(shock.factor)
        column = baseline.factors.index(shock.factor)
        kind = baseline.kinds[column]
        path = shock.shape.path(len(values) - place)
        values[place:, column] = _pushed(values[place:, column], kind, shock, path, deviations or {})
        _check(values[place:, column], kind, shock.factor, name, first)
    return replace(baseline, name=name, values=values, source=f"{baseline.name}, shocked")


def scaled(scenario: Scenario, baseline: Scenario, severity: float, first: int) -> Scenario:
    """Return a scenario whose deviation from the baseline is multiplied by `severity`, from month `first` on.

    Rates, yields and growth by their difference, indices by the log of their ratio. A factor that the
    baseline lacks has no deviation and is left out; months beyond the shorter of the two as well. Yields keep
    the floor of 0 that they have.

    Raises
    ------
    UsageError : a severity outside 0 to 2. ScenarioError : a rate beyond 0 to 1.
    """
    check_severity(severity)
    last = min(scenario.last, baseline.last)
    kept = [factor for factor in scenario.factors if factor in baseline.factors]
    columns, kinds = [], []
    for factor in kept:
        kind = scenario.kinds[scenario.factors.index(factor)]
        own = _between(scenario, factor, first, last)
        base = _between(baseline, factor, first, last)
        made = base * (own / base) ** severity if kind == "index" else base + severity * (own - base)
        if kind == "yield":
            made = np.maximum(made, np.minimum(np.minimum(own, base), 0.0))
        _check(made, kind, factor, scenario.name, first)
        columns.append(made)
        kinds.append(kind)
    source = f"{scenario.source}; deviation from {baseline.name} x {severity:g}"
    return Scenario(scenario.name, first, tuple(kept), tuple(kinds), np.column_stack(columns), source)


def check_severity(severity: float) -> None:
    """Raise UsageError where a severity lies outside 0 to 2."""
    if not 0.0 <= severity <= MOST_SEVERE:
        raise UsageError(expected(f"a severity from 0 to {MOST_SEVERE:g}", severity), field="severity")


def read_shocks(path: Path | str) -> tuple[str, tuple[Shock, ...]]:
    """Return the name and the shocks of a TOML file; `docs/stress.md` shows one.

    Raises
    ------
    UsageError : no readable TOML, an unknown key, a missing or wrong value; it names file and field.
    """
    path = Path(path)
    document = read_toml(path, "shocks", UsageError, "shocks")
    _known(document, _TOP, path, "")
    name = document.get("name", path.stem)
    if not isinstance(name, str) or not name.strip():
        raise UsageError(expected("a text", name), file=path, field="name")
    entries = document.get("shock")
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(expected("at least one table [[shock]]", entries), file=path, field="shock")
    return name, tuple(_shock(entry, place, path) for place, entry in enumerate(entries))


def _shock(entry: Mapping[str, Any], place: int, path: Path) -> Shock:
    _known(entry, _KEYS, path, f"shock[{place}].")
    for key in ("factor", "unit", "peak"):
        if key not in entry:
            raise UsageError(expected("a value", "none"), file=path, field=f"shock[{place}].{key}")
    try:
        shape = Shape(**{key: entry[key] for key in _KEYS[3:] if key in entry})
        return Shock(str(entry["factor"]), entry["peak"], str(entry["unit"]), shape)
    except UsageError as error:
        raise UsageError(
            error.message, file=path, field=f"shock[{place}].{(error.field or '').split(': ')[-1]}"
        ) from error


def _known(table: Mapping[str, Any], names: Sequence[str], path: Path, prefix: str) -> None:
    for key in table:
        if key not in names:
            raise UsageError(expected("one of " + ", ".join(names), key), file=path, field=f"{prefix}{key}")


def _pushed(values: Floats, kind: str, shock: Shock, path: Floats, deviations: Mapping[str, float]) -> Floats:
    if shock.unit == "percent":
        return np.asarray(values * (1.0 + shock.peak / 100.0) ** path)
    if shock.unit == "points":
        if kind == "index":
            raise UsageError(
                expected("percent or deviations for an index", "points"), field=f"{shock.factor}: unit"
            )
        return np.asarray(values + shock.peak / 100.0 * path)
    if shock.factor not in deviations:
        raise UsageError(expected("a factor with a known standard deviation", shock.factor), field="factor")
    size = shock.peak * deviations[shock.factor] * path
    return np.asarray(values * np.exp(size) if kind == "index" else values + size)


def _between(scenario: Scenario, factor: str, first: int, last: int) -> Floats:
    return scenario.values[first - scenario.first : last - scenario.first + 1, scenario.factors.index(factor)]


def _check(values: Floats, kind: str, factor: str, name: str, first: int) -> None:
    bad = np.flatnonzero((values < 0.0) | (values > 1.0)) if kind == "rate" else np.flatnonzero(values < -1.0)
    if bad.size and kind != "index":
        raise ScenarioError(
            expected(
                f"a {kind} within its bounds in {name}",
                f"{values[bad[0]]:.4f} in {months.label(first + int(bad[0]))}",
            ),
            field=factor,
        )
