"""Where an answer is not the one that was expected: field by field, numbers within 1e-9."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

WITHIN = 1e-9
"""How far numbers may stand apart, as a share and in their unit: here float64, there decimals."""


def differences(wanted: Any, found: Any, name: str = "") -> Iterator[str]:
    """Yield what differs, "field: expected X, was Y"; a missing field and null are one."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in dict.fromkeys((*wanted, *found)):
            yield from differences(wanted.get(key), found.get(key), f"{name}.{key}".lstrip("."))
        return
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for place, (one, two) in enumerate(zip(wanted, found, strict=True), 1):
            yield from differences(one, two, f"{name}[{place}]")
        return
    if not _same(wanted, found):
        yield f"{name or 'the answer'}: expected {_said(wanted)}, was {_said(found)}"


def _same(one: Any, two: Any) -> bool:
    if isinstance(one, bool) or isinstance(two, bool):
        return one is two
    if isinstance(one, int | float) and isinstance(two, int | float):
        return math.isclose(one, two, rel_tol=WITHIN, abs_tol=WITHIN)
    empty = [isinstance(item, dict) and all(value is None for value in item.values()) for item in (one, two)]
    if (one is None and empty[1]) or (two is None and empty[0]):
        return True
    return bool(one == two)


def _said(value: Any) -> str:
    return "missing" if value is None else repr(value)
