"""The colours of pages and pictures, light and dark: pictures are drawn in the light ones and name them."""

from __future__ import annotations

import re

COLOURS = {
    "ink": ("#1d2733", "#e9edf3"),
    "muted": ("#5c6773", "#a9b4c0"),
    "line": ("#e3e7ec", "#303b48"),
    "soft": ("#f5f7f9", "#1c2530"),
    "paper": ("#ffffff", "#12181f"),
    "said": ("#fdf6ee", "#2b2318"),
    "link": ("#1f5fa8", "#7fb3ee"),
    "blue": ("#1c4f94", "#5b93dc"),
    "orange": ("#d5761f", "#f0ae5e"),
    "red": ("#a12a3c", "#e0697a"),
    "teal": ("#3f98a8", "#74c9d6"),
    "purple": ("#65449a", "#9f83d8"),
    "green": ("#5c9a4c", "#90d07c"),
    "grey": ("#87929f", "#b3bdc8"),
    "band": ("#a3c3e6", "#2f5688"),
    "pale": ("#e2ebf6", "#1b2c43"),
    "heat": ("#1c5095", "#2f66b2"),
    "thin": ("#c4cad1", "#56616e"),
    "age0": ("#9dbfe4", "#34557f"),
    "age1": ("#7fa8d6", "#44689a"),
    "age2": ("#6190c7", "#567cb2"),
    "age3": ("#4478b7", "#6b91c6"),
    "age4": ("#2f62a1", "#84a7d8"),
    "age5": ("#234f87", "#9fbde6"),
    "age6": ("#193b69", "#bcd3f1"),
    "age7": ("#0f2440", "#dbe8fa"),
}
"""Name -> colour on a light page, colour on a dark one. No two names share the light one."""

INK, MUTED, GRID = COLOURS["ink"][0], COLOURS["muted"][0], COLOURS["line"][0]
BLUE, ORANGE, RED = COLOURS["blue"][0], COLOURS["orange"][0], COLOURS["red"][0]
TEAL, PURPLE, GREEN = COLOURS["teal"][0], COLOURS["purple"][0], COLOURS["green"][0]
GREY, BAND, PALE, THIN, HEAT = (COLOURS[name][0] for name in ("grey", "band", "pale", "thin", "heat"))
WHITE = "#fefefe"
"""On `HEAT`, in both schemes; no colour of the palette, so that it stays as it is."""
AGES = tuple(COLOURS[f"age{place}"][0] for place in range(8))
"""From old to new."""
CYCLE = (BLUE, ORANGE, RED, TEAL, PURPLE, GREEN)
"""Colours of series, neighbours told apart by their lightness too: dark, light, dark, ..."""
SCENARIOS = (GREY, RED, ORANGE, BLUE, TEAL, PURPLE, GREEN)
"""The baseline's colour, then those of scenarios."""
_NAMES = {light: name for name, (light, _) in COLOURS.items()}


def named(text: str) -> str:
    """Return markup with each colour of the palette as the variable that a page sets, light or dark."""
    return re.sub(r"#[0-9a-f]{6}\b", lambda found: _variable(found[0]), text)


def _variable(colour: str) -> str:
    return f"var(--{_NAMES[colour]})" if colour in _NAMES else colour


def variables(dark: bool) -> str:
    """Return the variables of one of the two schemes, as CSS."""
    return " ".join(f"--{name}:{pair[dark]};" for name, pair in COLOURS.items())


def lightness(colour: str) -> float:
    """Return the lightness L* of `#rrggbb` (CIE 1976, D65), 0 black to 100 white."""
    part = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in part]
    y = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116 * y ** (1 / 3) - 16 if y > 216 / 24389 else y * 24389 / 27
