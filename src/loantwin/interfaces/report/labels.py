"""Labels of tables and pictures: names spelt out, axis ticks with just the digits they need."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Sequence
from itertools import pairwise

from loantwin.errors import visible
from loantwin.risk.loss.loss import LossResult

COVARIATE = re.compile(
    r"(?P<factor>[a-z0-9_]+)\.(?P<transform>level|change_12m|growth_12m|log_ratio_12m)(\.lag(?P<lag>\d+))?"
)
TRANSFORMS = {"level": "level", "change_12m": "change in 12 months", "growth_12m": "growth in 12 months"}
TRANSFORMS["log_ratio_12m"] = "log change in 12 months"
DAYS_PAST_DUE = re.compile(r"dpd_(\d+)_(\d+)")
LINE_WIDTH = 34
"""Most characters of one of the two lines of an axis label; what is longer ends in an ellipsis."""
MOST_DECIMALS = 6


def plain(name: str) -> str:
    """Return a name of the model or the tape in words: interest_only -> interest only; marks as escapes."""
    words = DAYS_PAST_DUE.sub(r"\1–\2 days past due", name).replace("charge_offs", "charge-offs")
    return visible(words.replace("_", " "))


def edge_words(edge: str) -> str:
    """Return a transition in words: current -> dpd_1_29 as current → 1–29 days past due."""
    return plain(edge.replace("->", "→"))


def segment_words(segment: str) -> str:
    """Return a segment's label in words; numbers in it stay as they are."""
    return re.sub(r"\s*(≤|≥|<|>)\s*", r" \1 ", plain(segment.replace("<=", "≤").replace(">=", "≥"))).replace(
        "|", ", "
    )


def covariate_words(name: str) -> str:
    """Return a macro covariate in words; a name of another form as a segment."""
    found = COVARIATE.fullmatch(name)
    if found is None:
        return segment_words(name)
    lag = f", lag {found['lag']}" if found["lag"] else ""
    return f"{plain(found['factor'])}, {TRANSFORMS[found['transform']]}{lag}"


def counted(number: float, one: str, many: str = "") -> str:
    """Return a number and its noun, singular for one: 1 year, 2 years."""
    return f"{number:,.0f} {one if round(number) == 1 else many or one + 's'}"


def accuracy_words(accuracy: float | None, decimals: int = 0) -> str:
    """Return an accuracy as a percentage; below zero, errors beyond what happened, without digits."""
    if accuracy is None:
        return "–"
    return "below 0 %" if accuracy < 0 else f"{100 * accuracy:.{decimals}f} %"


def three(value: float | None) -> str:
    """Return a figure with three decimals as a picture's table says it; a dash for none."""
    return "–" if value is None or not math.isfinite(value) else f"{value:.3f}"


def signed(value: float, decimals: int) -> str:
    """Return a difference with its sign; one that rounds to zero has none."""
    shown = f"{value:+.{decimals}f}"
    return shown if float(shown) else shown[1:]


def wrapped(label: str, longest: int = LINE_WIDTH) -> str:
    """Return a label on at most two lines of about the same length."""
    if len(label) <= longest * 0.72:
        return label
    for width in range(len(label) // 2, longest + 1):
        lines = textwrap.wrap(label, max(width, 1), break_long_words=False, break_on_hyphens=False)
        if len(lines) <= 2 and max(map(len, lines)) <= longest:
            return "\n".join(lines)
    return "\n".join(textwrap.wrap(label, longest, max_lines=2, placeholder=" …"))


def beside_supervisor(result: LossResult) -> list[tuple[str, float]]:
    """Return what stands beside a tail, words and figures; nothing where it stands alone."""
    found = result.supervisory
    if found is None:
        return []
    return [
        (f"loss at {100 * result.confidence:g} %, this model", result.var.value),
        (f"loss at {100 * found.confidence:g} %, supervisory correlations", found.var),
        ("  of it expected, through the cycle", found.expected_loss),
        ("risk-weighted assets, standardised", found.rwa),
        ("regulatory capital", found.capital),
    ]


def money(value: float, _position: object = None) -> str:
    """Return an amount in short form: 1.2 M."""
    size, unit = _unit(abs(value))
    short = value / size
    return f"{short:,.0f}{unit}" if abs(short) >= 9_999.5 else f"{short:,.4g}{unit}"


def money_ticks(values: Sequence[float]) -> list[str]:
    """Return an axis of amounts' labels: one unit, as many decimals as the step between ticks needs."""
    size, unit = _unit(max((abs(value) for value in values), default=0.0))
    decimals = _decimals([value / size for value in values])
    return ["0" if value == 0 else f"{value / size:,.{decimals}f}{unit}" for value in values]


def percent_ticks(values: Sequence[float]) -> list[str]:
    """Return an axis of decimals' labels: percentages with the decimals that the ticks' step needs."""
    decimals = _decimals([100 * value for value in values])
    return [f"{100 * value:.{decimals}f} %".replace("-", "−") if value else "0 %" for value in values]


def _unit(value: float) -> tuple[float, str]:
    for size, unit in ((1e9, " bn"), (1e6, " M"), (1e3, " k")):
        if value >= size:
            return size, unit
    return 1.0, ""


def _decimals(values: Sequence[float]) -> int:
    """Return the fewest decimals that show every tick as it is, as far as the step between them goes."""
    steps = [abs(b - a) for a, b in pairwise(values)]
    tolerance = 1e-3 * min((step for step in steps if step > 0), default=1e-3)
    for decimals in range(MOST_DECIMALS):
        if all(abs(value - round(value, decimals)) <= tolerance for value in values):
            return decimals
    return MOST_DECIMALS
