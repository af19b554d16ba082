"""The model in array code: transition rows from parameters, macro and latent; the oracle of every kernel.

For loans of segment g and age a in live state i, the log-odds of moving to j against staying (not moving) in
month t is

    eta[r, t, g, a] = age[r, a] + segment[r, g] + macro[t] . beta[r] + latent[t] . loading[r]

for each edge r = (i -> j); the row is the multinomial logit over the edges that leave i, with "stay" as the
base. All effects but age and segment depend on the month alone, so that `odds` (by segment and age) times
`shocks` (by month) gives every row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from loantwin.arrays import Flags, Floats, Integers
from loantwin.errors import ModelError, expected

VINTAGE = "|vintage "
"""Stands between a segment's label and a year in the label of that segment's loans of one vintage."""
SIZE = "|size band "
"""Stands between a segment's label and a number in the label of that segment's loans of one band of size."""
SCORE = "|score band "
"""Stands between a label (of size where that counts) and a number in that of one band of a score."""
MEMORY = "|"
"""Stands between a live state's published name and what a loan in it did in the months before."""


@dataclass(frozen=True)
class TransitionParameters:
    """What the engine needs of a model: R edges, A ages, G segments, F factors, L latents, S states.

    states : (S,) names; the first `live` of them are live, the others absorbing (default, charged_off,
        prepaid, ...). Live states that only differ in what a loan did before lie side by side and are
        published as one: "<published>|<words>".
    origin, target : (R,) indices into `states`; origin is live, no edge from a state to itself.
    age : (R, A) log-odds by age in months; ages beyond A - 1 read the last column.
    segment : (R, G) log-odds added by segment.
    macro : (R, F) change of log-odds by unit of macro covariate.
    loading : (R, L) change of log-odds by unit of latent factor.
    default_state, prepaid_state : index of the absorbing state that counts as default, as prepayment (-1:
        none).
    """

    states: tuple[str, ...]
    live: int
    origin: Integers
    target: Integers
    age: Floats
    segment: Floats
    macro: Floats
    loading: Floats
    segments: tuple[str, ...]
    factors: tuple[str, ...]
    latents: tuple[str, ...]
    default_state: int
    prepaid_state: int

    @cached_property
    def odds(self) -> Floats:
        """Return exp of the age and segment part, (R, G, A)."""
        return np.asarray(np.exp(self.segment[:, :, None] + self.age[:, None, :]))

    @cached_property
    def odds_by_age(self) -> Floats:
        """Return `odds` as kernels read them, (G, A, R)."""
        return np.ascontiguousarray(np.moveaxis(self.odds, 0, 2))


def base_segments(segments: Sequence[str]) -> Integers:
    """Return the index of each label's segment, (G,): its own, or for "X|vintage 2005" that of "X".

    Plans and reports know segments without size, score and vintages; those come first in a model.
    """
    place = {label: index for index, label in enumerate(segments)}
    return np.array(
        [place.get(base_label(label), index) for index, label in enumerate(segments)], dtype=np.int64
    )


def base_label(label: str) -> str:
    """Return a label's segment: that of "X|size band 2|score band 5|vintage 2005" is "X"."""
    return label.partition(VINTAGE)[0].partition(SCORE)[0].partition(SIZE)[0]


def published_state(state: str) -> str:
    """Return the name a state is published by: that of "current|1 month since arrears" is "current"."""
    return state.partition(MEMORY)[0]


def published_states(states: Sequence[str]) -> tuple[str, ...]:
    """Return the published names of states, each once, in order."""
    return tuple(dict.fromkeys(published_state(state) for state in states))


def published_places(states: Sequence[str]) -> Integers:
    """Return each state's place among the published ones, (S,): rising from good to bad for live states."""
    names = published_states(states)
    return np.array([names.index(published_state(state)) for state in states], dtype=np.int64)


def up_to_date(parameters: TransitionParameters) -> int:
    """Return how many of the live states, the first ones, are published as the first."""
    return int((published_places(parameters.states)[: parameters.live] == 0).sum())


def worsening_edges(parameters: TransitionParameters) -> Flags:
    """Return the edges to a later published state, or into default, (R,)."""
    place, origin, target = published_places(parameters.states), parameters.origin, parameters.target
    worse = (target < parameters.live) & (place[target] > place[origin])
    return np.asarray(worse | (target == parameters.default_state))


def odds(parameters: TransitionParameters) -> Floats:
    """Return exp of the age and segment part, (R, G, A); not to be written to: it is kept."""
    return parameters.odds


def shocks(parameters: TransitionParameters, macro: Floats, latent: Floats) -> Floats:
    """Return exp of the month part, (..., T, R), from macro (..., T, F) and latent factors (..., T, L).

    Raises
    ------
    ModelError : NaN or infinity.
    """
    _finite(macro, "macro")
    _finite(latent, "latent")
    return np.asarray(np.exp(macro @ parameters.macro.T + latent @ parameters.loading.T))


def transition_rows(parameters: TransitionParameters, macro: Floats, latent: Floats) -> Floats:
    """Return the probabilities of moving, (T, G, A, live, S), each row summing to 1.

    Parameters
    ----------
    macro : (T, F) covariates as the model was fitted on (lagged, transformed, standardised).
    latent : (T, L) period effects.
    """
    base = odds(parameters)
    month = shocks(parameters, macro, latent)
    weight = month[:, :, None, None] * base[None]
    shape = (len(macro), base.shape[1], base.shape[2], parameters.live, len(parameters.states))
    rows = np.zeros(shape)
    for state in range(parameters.live):
        rows[..., state, state] = 1.0
    for edge, (start, end) in enumerate(zip(parameters.origin, parameters.target, strict=True)):
        rows[..., start, end] = weight[:, edge]
    return np.asarray(rows / rows.sum(axis=-1, keepdims=True))


def rows_at(
    parameters: TransitionParameters, base: Floats, month: Floats, segment: Integers, age: Integers
) -> Floats:
    """Return the probabilities of moving in one month for B pairs of segment and age, (..., B, live, S).

    Parameters
    ----------
    base : (R, G, A) from `odds`.
    month : (..., R) one month of `shocks`.
    segment, age : (B,); an age beyond A - 1 reads the last one.
    """
    weight = month[..., :, None] * base[:, segment, np.minimum(age, base.shape[2] - 1)]
    rows = np.zeros((*month.shape[:-1], len(segment), parameters.live, len(parameters.states)))
    for state in range(parameters.live):
        rows[..., state, state] = 1.0
    for edge, (start, end) in enumerate(zip(parameters.origin, parameters.target, strict=True)):
        rows[..., start, end] = weight[..., edge, :]
    return np.asarray(rows / rows.sum(axis=-1, keepdims=True))


def check_transitions(parameters: TransitionParameters) -> None:
    """Raise ModelError where parameters are no transition model: every fitted model must pass."""
    edges, states = len(parameters.origin), len(parameters.states)
    shapes = {
        "age": (parameters.age.shape[0], parameters.age.ndim, 2),
        "segment": (parameters.segment.shape[0], parameters.segment.ndim, 2),
        "macro": (parameters.macro.shape[0], parameters.macro.ndim, 2),
        "loading": (parameters.loading.shape[0], parameters.loading.ndim, 2),
    }
    for name, (first, dimensions, wanted) in shapes.items():
        if first != edges or dimensions != wanted:
            raise ModelError(
                expected(f"{edges} rows and {wanted} dimensions", f"{first} and {dimensions}"), field=name
            )
        _finite(getattr(parameters, name), name)
    widths = {
        "segment": len(parameters.segments),
        "macro": len(parameters.factors),
        "loading": len(parameters.latents),
    }
    for name, width in widths.items():
        if getattr(parameters, name).shape[1] != width:
            raise ModelError(expected(f"{width} columns", getattr(parameters, name).shape[1]), field=name)
    if (
        not (0 < parameters.live <= states)
        or (parameters.origin >= parameters.live).any()
        or (parameters.target >= states).any()
    ):
        raise ModelError(
            expected("edges from live states to known states", "an edge outside"), field="origin"
        )
    if (parameters.origin == parameters.target).any():
        raise ModelError(expected("no edge from a state to itself", "one"), field="target")


def _finite(values: Floats, name: str) -> None:
    if not np.isfinite(values).all():
        raise ModelError(expected("finite numbers", "NaN or infinity"), field=name)
