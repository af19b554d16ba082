"""How figures of fairness are written on a page."""

from __future__ import annotations

from loantwin.decisions.fairness.figures import Bounded
from loantwin.interfaces.report.blocks import percent
from loantwin.interfaces.report.labels import three


def ends(item: Bounded | None) -> str:
    """Return the ends of a ratio's interval in words."""
    return "–" if item is None else f"{three(item.low)} to {three(item.high)}"


def parts(item: Bounded | None, decimals: int = 1) -> str:
    """Return the ends of a share's interval in words."""
    return "–" if item is None else f"{percent(item.low, decimals)} to {percent(item.high, decimals)}"


def ratio(item: Bounded | None) -> str:
    """Return a ratio; a missing one as a dash."""
    return "–" if item is None else three(item.value)


def part(item: Bounded | None, decimals: int = 1) -> str:
    """Return a share; a missing one as a dash."""
    return "–" if item is None else percent(item.value, decimals)


def points(item: Bounded | None) -> str:
    """Return a difference of shares in percentage points; a missing one as a dash."""
    return "–" if item is None or item.value is None else f"{100 * item.value:+.1f}"


def point_ends(item: Bounded | None) -> str:
    """Return the ends of a difference's interval in percentage points."""
    if item is None or item.low is None or item.high is None:
        return "–"
    return f"{100 * item.low:+.1f} to {100 * item.high:+.1f}"
