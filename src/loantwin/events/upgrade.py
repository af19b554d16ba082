"""Reading what older versions wrote: numbered upgrade functions for events and for the home.

An event is upgraded each time it is read, so the log itself never changes. A home is upgraded once, by the
first writer that opens it. Each released format keeps a tiny stored home in `tests/events/homes`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from loantwin.errors import HomeError, LogError, expected
from loantwin.events.event_types import EVENT_TYPES

HOME_FORMAT = 1
"""The newest `format` of `twin.toml`."""

EVENT_UPGRADES: dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {
    ("DecisionMade", 1): dict,  # version 2 adds fields that version 1 could not tell
}
"""(type, version) -> function that returns the data of the next version."""

HOME_UPGRADES: dict[int, Callable[[Path], None]] = {}
"""Format -> function that turns a home's folder into the next one; safe to run again after a crash."""


def newest_version(kind: str) -> int:
    """Return the newest version of an event type; 0 where the type is unknown."""
    found = EVENT_TYPES.get(kind)
    return found.version if found else 0


def upgrade_event(kind: str, version: int, data: dict[str, Any], sequence: int) -> tuple[int, dict[str, Any]]:
    """Return the newest version and the data in it.

    Raises
    ------
    LogError : the type or the version is newer than this program, or a step is missing.
    """
    newest = newest_version(kind)
    if version > newest:
        known = f"version {newest} or older of {kind}" if newest else "an event type this version knows"
        raise LogError(
            expected(known, f"{kind} version {version} in event {sequence}; it needs a newer loantwin")
        )
    while version < newest:
        step = EVENT_UPGRADES.get((kind, version))
        if step is None:
            raise LogError(
                expected(f"a way to upgrade {kind} from version {version}", f"none, in event {sequence}")
            )
        version, data = version + 1, step(data)
    return newest, data


def check_home_format(number: int, file: Path) -> None:
    """Raise HomeError where a home is from a newer version, or of no version at all."""
    if number > HOME_FORMAT:
        raise HomeError(
            expected(f"format {HOME_FORMAT} or older", f"format {number}; it needs a newer loantwin"),
            file=file,
            field="format",
        )
    if number < 1:
        raise HomeError(expected("a format number of at least 1", number), file=file, field="format")


def upgrade_home(folder: Path, number: int, finish: Callable[[int], None]) -> None:
    """Bring a home to the newest format, step by step; `finish` stores the number each step has reached.

    Raises
    ------
    HomeError : a format that no step starts from.
    """
    while number < HOME_FORMAT:
        step = HOME_UPGRADES.get(number)
        if step is None:
            raise HomeError(
                expected(f"a way to upgrade a home of format {number}", "none"), file=folder, field="format"
            )
        step(folder)
        number += 1
        finish(number)
