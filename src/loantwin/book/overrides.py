"""Values given in place of a format's assumptions, as NAME=VALUE."""

from __future__ import annotations

from collections.abc import Sequence

from loantwin.book.mapping_parts import Value
from loantwin.errors import UsageError, expected


def overrides(assume: Sequence[str]) -> dict[str, Value]:
    """Return NAME=VALUE texts as a mapping; numbers as numbers.

    Raises
    ------
    UsageError : a text without a name or without the sign.
    """
    made: dict[str, Value] = {}
    for text in assume:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise UsageError(expected("NAME=VALUE", text), field="--assume")
        try:
            made[name] = float(value)
        except ValueError:
            made[name] = value
    return made
