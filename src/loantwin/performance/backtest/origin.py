"""One origin of a backtest: what was forecast there by band, what came, and what rivals said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from loantwin.arrays import Floats
from loantwin.performance.backtest.parts import ApartRow
from loantwin.performance.outcomes import Key

GIVEN, GENERATED = "given_macro", "generated_macro"
MODES = (GIVEN, GENERATED)
"""The economy of a forecast: the macro path that came, or the generator's paths."""


@dataclass(frozen=True)
class Predicted:
    """The twin's predictive distribution of each figure; B bands, H closed windows, P paths.

    mean : (B, H) before name noise. given : (P, B, H) expected on each path. simulated : (P, B, H) with name
        noise.
    latent : (P', B, H) simulated without errors of estimation, None where the figure was not asked for.
    """

    mean: Mapping[Key, Floats]
    given: Mapping[Key, Floats]
    simulated: Mapping[Key, Floats]
    latent: Mapping[Key, Floats]


@dataclass(frozen=True)
class Exposed:
    """What loans that fail owe, of the whole book, cumulated to the H windows' ends, currency.

    forecast : (P, H) expected on each path. came : (H,) of those that failed, by the same formula.
    """

    forecast: Floats
    came: Floats


@dataclass(frozen=True)
class AtOrigin:
    """One origin of a backtest.

    bands : names; loans : (B,) weighted loans on the book. horizons : all asked for; closed : mode -> windows
        that have closed.
    actual : (B, H) by figure, for the windows the tape tells. events : known at the origin, effective
        numbers, by figure.
    predicted, rival : by mode; a rival's forecasts (B, H), simulated counts (P, B, H) where it makes
        intervals; beside the rivals the equal mean and the combination (`rivals.MEANS`).
    apart : by mode, losses as numbers, exposure and severity; see `apart.taken_apart`.
    """

    date: dt.date
    bands: tuple[str, ...]
    loans: Floats
    closed: Mapping[str, tuple[int, ...]]
    actual: Mapping[Key, Floats]
    events: Mapping[str, float]
    predicted: Mapping[str, Predicted]
    rival: Mapping[str, Mapping[str, Mapping[Key, Floats]]]
    rival_simulated: Mapping[str, Mapping[str, Mapping[Key, Floats]]]
    notes: tuple[str, ...]
    apart: Mapping[str, tuple[ApartRow, ...]] = field(default_factory=dict)
