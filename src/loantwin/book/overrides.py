"""Values given in place of assumptions: by name, or as texts NAME=VALUE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loantwin.book.mapping_parts import Value
from loantwin.errors import UsageError, expected

Assumed = Mapping[str, Value] | Sequence[str]
"""{"ltv": 0.8}, or ["ltv=0.8"] as the command line writes it."""


def overrides(assume: Assumed) -> dict[str, Value]:
    """Return values by name; of texts, numbers as numbers.

    Raises
    ------
    UsageError : a text without a name or without the sign.
    """
    if isinstance(assume, Mapping):
        return dict(assume)
    if isinstance(assume, str):
        raise UsageError(expected("values by name, or a list of NAME=VALUE", assume), field="assume")
    made: dict[str, Value] = {}
    for text in assume:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise UsageError(expected("NAME=VALUE", text), field="assume")
        try:
            made[name] = float(value)
        except ValueError:
            made[name] = value
    return made
