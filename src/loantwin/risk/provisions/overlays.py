"""Overlays: what people add to or take off the modelled allowance, with author, reason, scope and expiry.

A file in TOML holds them:

    [[overlay]]
    name = "floods in the north"
    author = "Credit committee"
    reason = "damage not yet in arrears"
    expires = 2026-06-30
    percent = 10.0            # of the modelled allowance in scope; or: amount = 250000.0
    segments = ["north|A"]    # all where left out
    stages = ["1", "2"]       # all where left out; stages of IFRS 9, pools of CECL, classes of the five-level
    rules

An overlay never changes the modelled figure: it is shown beside it, loan by loan in proportion, so that parts
add up.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Flags, Floats, Integers
from loantwin.errors import RiskError, expected
from loantwin.files import read_toml
from loantwin.risk.allowance import totals

KEYS = ("name", "author", "reason", "expires", "amount", "percent", "segments", "stages")
NEEDED = ("name", "author", "reason", "expires")


@dataclass(frozen=True)
class Overlay:
    """An adjustment until the end of `expires`. amount : currency, or percent of the allowance in scope.

    segments, stages : scope by name; empty for all.
    """

    name: str
    author: str
    reason: str
    expires: dt.date
    amount: float | None = None
    percent: float | None = None
    segments: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()


@dataclass(frozen=True)
class OverlayEffect:
    """What an overlay adds. loans, modelled : in scope, and their allowance. amount : book currency."""

    name: str
    author: str
    reason: str
    expires: dt.date
    loans: int
    modelled: float
    amount: float


def read_overlays(path: Path) -> tuple[Overlay, ...]:
    """Return the overlays of a TOML file, in its order.

    Raises
    ------
    RiskError : a file that cannot be read, an unknown or missing key, a value of the wrong kind, a name given
        twice.
    """
    check.kind(Path, path=path)
    document = read_toml(path, "overlays", RiskError)
    entries = document.get("overlay")
    if set(document) != {"overlay"} or not isinstance(entries, list) or not entries:
        raise RiskError(
            expected("tables [[overlay]] and nothing else", ", ".join(document) or "nothing"),
            file=path,
            field="overlay",
        )
    made = tuple(_overlay(entry, path) for entry in entries)
    names = [overlay.name for overlay in made]
    for name in names:
        if names.count(name) > 1:
            raise RiskError(expected("names that differ", f"{name!r} twice"), file=path, field="name")
    return made


def _overlay(entry: Any, path: Path) -> Overlay:
    if not isinstance(entry, dict):
        raise RiskError(expected("a table [[overlay]]", entry), file=path, field="overlay")
    label = f"overlay {entry.get('name', '(no name)')}"
    for key in entry:
        if key not in KEYS:
            raise RiskError(expected("one of " + ", ".join(KEYS), key), file=path, field=label)
    for key in NEEDED:
        kind = dt.date if key == "expires" else str
        value = entry.get(key)
        if type(value) is not kind or value == "":
            wanted = "a date YYYY-MM-DD without quotes" if key == "expires" else "a text"
            raise RiskError(expected(wanted, value), file=path, field=f"{label}: {key}")
    if ("amount" in entry) == ("percent" in entry):
        was = "both" if "amount" in entry else "neither"
        raise RiskError(expected("amount or percent", was), file=path, field=label)
    for key in ("amount", "percent"):
        value = entry.get(key, 0.0)
        if type(value) not in (int, float) or not math.isfinite(value) or (key == "percent" and value < -100):
            wanted = "a finite number" if key == "amount" else "a finite number of at least -100"
            raise RiskError(expected(wanted, value), file=path, field=f"{label}: {key}")
    for key in ("segments", "stages"):
        value = entry.get(key, [])
        if (
            not isinstance(value, list)
            or any(type(item) is not str for item in value)
            or (key in entry and not value)
        ):
            raise RiskError(
                expected("a list of names, or no such key for all", value), file=path, field=f"{label}: {key}"
            )
    return Overlay(
        name=entry["name"],
        author=entry["author"],
        reason=entry["reason"],
        expires=entry["expires"],
        amount=float(entry["amount"]) if "amount" in entry else None,
        percent=float(entry["percent"]) if "percent" in entry else None,
        segments=tuple(entry.get("segments", ())),
        stages=tuple(entry.get("stages", ())),
    )


def overlay_effects(
    overlays: Sequence[Overlay],
    as_of: dt.date,
    modelled: Floats,
    exposure: Floats,
    segment: Integers,
    segments: Sequence[str],
    stage: Integers,
    stages: Sequence[str],
) -> tuple[tuple[OverlayEffect, ...], Floats]:
    """Return what each overlay adds, and the sum of them by loan, (N,).

    Parameters
    ----------
    modelled, exposure : (N,) allowance net of guarantees and exposure, book currency, weighted.
    segment, stage : (N,) index into their names. Each overlay reads the modelled allowance, not one that
        another has changed.

    Notes
    -----
    A percentage is spread as the modelled allowance is; an amount likewise, or as exposure where nothing is
    modelled in scope.

    Raises
    ------
    RiskError : an overlay that has expired, an unknown segment or stage, a scope without loans, more taken
        off than is there.
    """
    check.each(Overlay, overlays=overlays)
    check.kind(dt.date, as_of=as_of)
    check.finite(modelled=modelled)
    check.money(exposure=exposure)
    check.codes(0, segment=segment, stage=stage)
    check.words(segments=segments, stages=stages)
    check.shaped((len(modelled),), modelled=modelled, exposure=exposure, segment=segment, stage=stage)
    added, found = np.zeros(len(modelled)), []
    for overlay in overlays:
        field = f"overlay {overlay.name}"
        if overlay.expires < as_of:
            raise RiskError(
                expected(f"an overlay in force at {as_of}", f"one that expired on {overlay.expires}"),
                field=field,
            )
        inside = _among(overlay.segments, segment, segments, f"{field}: segments")
        inside &= _among(overlay.stages, stage, stages, f"{field}: stages")
        if not inside.any():
            raise RiskError(expected("a scope that holds a loan", "none"), field=field)
        base, wide = (
            figure[0] for figure in totals([np.where(inside, modelled, 0.0), np.where(inside, exposure, 0.0)])
        )
        amount = overlay.amount if overlay.amount is not None else (overlay.percent or 0.0) / 100.0 * base
        if amount + base < -1e-9 * abs(base):
            raise RiskError(
                expected(f"at most the modelled {base:.2f} in scope taken off", -amount), field=field
            )
        if base > 0.0:
            added += np.where(inside, modelled, 0.0) / base * amount
        elif wide > 0.0:
            added += np.where(inside, exposure, 0.0) / wide * amount
        elif amount:
            raise RiskError(expected("a scope with exposure", "none"), field=field)
        found.append(
            OverlayEffect(
                overlay.name, overlay.author, overlay.reason, overlay.expires, int(inside.sum()), base, amount
            )
        )
    return tuple(found), added


def _among(wanted: tuple[str, ...], codes: Integers, names: Sequence[str], field: str) -> Flags:
    if not wanted:
        return np.ones(len(codes), dtype=np.bool_)
    for name in wanted:
        if name not in names:
            raise RiskError(expected("one of " + ", ".join(names), name), field=field)
    return np.isin(codes, [place for place, name in enumerate(names) if name in wanted])
