"""Macro histories that ship with loantwin, by name: a start for a lender who has no file of his own yet.

`us`: the quarterly history of the United States from 1976 to the end of 2025, as the Board of Governors
published it with its proposed 2026 stress scenarios (domestic variables). Facts of a public authority; the
latest revision, not what was known at the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

SHIPPED = {"us": "us.csv"}
"""Name -> file in the folder `histories`."""
BY_CURRENCY = {"USD": "us"}
"""Currency of a book -> the history that stands for its economy where none is named."""
COUNTRIES = {"us": "the United States"}
"""Name -> whose economy the history is of."""


def foreign(names: Sequence[Path | str], currency: str) -> tuple[str, ...]:
    """Return a note for each shipped history among `names` that is of another economy than the currency's."""
    own = BY_CURRENCY.get(currency)
    chosen = dict.fromkeys(str(name).casefold() for name in names if not Path(name).exists())
    return tuple(
        f"the economy is another country's: macro history {name} is of {COUNTRIES[name]}, the book is in "
        f"{currency}"
        for name in chosen
        if name in SHIPPED and name != own
    )


def located(name: Path | str) -> Path:
    """Return the file that a name stands for: a shipped history's, unless a file of that name is there."""
    path = Path(name)
    shipped = SHIPPED.get(str(name).casefold())
    if shipped is None or path.exists():
        return path
    return Path(__file__).parent / "histories" / shipped
