"""How figures of fairness are written on a page."""

from __future__ import annotations

from loantwin.decisions.fairness.figures import Bounded
from loantwin.interfaces.report.blocks import percent
from loantwin.interfaces.report.labels import signed, three


def ends(item: Bounded | None) -> str:
    """Return the ends of a ratio's interval in words."""
    return "–" if item is None else f"{three(item.low)} to {three(item.high)}"


def parts(item: Bounded | None, decimals: int = 1) -> str:
    """Return the ends of a share's interval in words."""
    return "–" if item is None else f"{percent(item.low, decimals)} to {percent(item.high, decimals)}"


def ratio(item: Bounded | None, decimals: int = 3) -> str:
    """Return a ratio; a missing one as a dash."""
    return "–" if item is None or item.value is None else f"{item.value:.{decimals}f}"


def gained(item: Bounded | None, decimals: int) -> str:
    """Return a difference with its sign; a missing one as a dash, one that rounds to zero without a sign."""
    return "–" if item is None or item.value is None else signed(item.value, decimals)


def gained_ends(item: Bounded | None, decimals: int) -> str:
    """Return the ends of a difference's interval with their signs."""
    if item is None or item.low is None or item.high is None:
        return "–"
    return f"{signed(item.low, decimals)} to {signed(item.high, decimals)}"


def part(item: Bounded | None, decimals: int = 1) -> str:
    """Return a share; a missing one as a dash."""
    return "–" if item is None else percent(item.value, decimals)


def points(item: Bounded | None, decimals: int = 1) -> str:
    """Return a difference of shares in percentage points; a missing one as a dash."""
    return "–" if item is None or item.value is None else signed(100 * item.value, decimals)


def point_ends(item: Bounded | None, decimals: int = 1) -> str:
    """Return the ends of a difference's interval in percentage points."""
    if item is None or item.low is None or item.high is None:
        return "–"
    return f"{signed(100 * item.low, decimals)} to {signed(100 * item.high, decimals)}"
