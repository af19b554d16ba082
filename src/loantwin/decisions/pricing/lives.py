"""What becomes of a loan by month, whatever its contract: the part of a price that the twin's model tells."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.engine.cells import Cells, LossGivenDefault
from loantwin.engine.expectation import conditional_flows
from loantwin.engine.rows import TransitionParameters
from loantwin.engine.step.levers import edge_kinds

AT_ONCE = 512
"""Lives that are worked out in one go: bounds the memory of many paths."""


@dataclass(frozen=True)
class Lives:
    """Probabilities of L lives by month t = 1..T of a loan lent now, leading axes `...` those of the shocks.

    live : (..., L, T) live at the month's start. paying : pays the month's interest. stay : live at its end.
    prepaid : repaid in full in the month. default : enters default in the month.
    charged_off, recovered : (L, T) of exposure, of a default in the month. recovery_lag : (W,).
    """

    live: Floats
    paying: Floats
    stay: Floats
    prepaid: Floats
    default: Floats
    charged_off: Floats
    recovered: Floats
    recovery_lag: Floats

    def __len__(self) -> int:
        return len(self.charged_off)

    @property
    def annual_pd(self) -> Floats:
        """Return the probability of default within 12 months, (..., L), whatever the contract's end."""
        return np.asarray(self.default[..., :12].sum(axis=-1))

    def mean(self) -> Lives:
        """Return the mean over paths, the first axis: every figure of a price is in proportion to it."""
        return replace(self, **{name: getattr(self, name).mean(axis=0) for name in MOVES})

    def take(self, which: Integers) -> Lives:
        """Return some of the lives, (M,) their places; one may stand several times."""
        made = {name: getattr(self, name)[..., which, :] for name in MOVES}
        return replace(self, **made, charged_off=self.charged_off[which], recovered=self.recovered[which])


MOVES = ("live", "paying", "stay", "prepaid", "default")


def lives(
    parameters: TransitionParameters,
    lgd: LossGivenDefault,
    segment: Integers,
    shift: Floats,
    shocks: Floats,
    *,
    averaged: bool = False,
) -> Lives:
    """Return the lives of loans lent now, on every path, (P, L, T), or their mean over paths, (L, T).

    Parameters
    ----------
    segment : (L,) label of the model. shift : (L,) added to the log-odds of entry into arrears (where the
        model sees none, of default), as an offer's price is taken to move them; 0 leaves the twin's own.
    shocks : (P, T, R) month part of the odds.

    Raises
    ------
    ModelError : shapes that do not fit.
    """
    blocks = [slice(start, start + AT_ONCE) for start in range(0, max(len(segment), 1), AT_ONCE)]
    made_of = (_some(parameters, lgd, segment[block], shift[block], shocks) for block in blocks)
    parts = [part.mean() if averaged else part for part in made_of]
    if len(parts) == 1:
        return parts[0]
    made = {name: np.concatenate([getattr(part, name) for part in parts], axis=-2) for name in MOVES}
    shares = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in ("charged_off", "recovered")
    }
    return replace(parts[0], **made, **shares)


def _some(
    parameters: TransitionParameters, lgd: LossGivenDefault, segment: Integers, shift: Floats, shocks: Floats
) -> Lives:
    count, months = len(segment), shocks.shape[1]
    entry = edge_kinds(parameters).entry.astype(float)
    own = replace(
        parameters,
        segment=parameters.segment[:, segment] + entry[:, None] * shift[None],
        segments=tuple(str(place) for place in range(count)),
    )
    tables = replace(lgd, charged_off=lgd.charged_off[segment], recovered=lgd.recovered[segment])
    flows = conditional_flows(own, _probes(count, months), tables, shocks, groups=count)
    started = np.ones((*flows.balance.shape[:-1], 1))
    age = np.minimum(np.arange(1, months + 1), lgd.charged_off.shape[1] - 1)
    return Lives(
        np.concatenate([started, flows.balance[..., :-1]], axis=-1),
        flows.interest, flows.balance, flows.prepaid, flows.defaulted_number,
        tables.charged_off[:, age], tables.recovered[:, age], lgd.recovery_lag,
    )  # fmt: skip


def _probes(count: int, months: int) -> Cells:
    """Return a cell a life, whose every amount is 1: what the engine makes of it is a probability."""
    ends, rows = np.ones((count, months + 1)), np.ones((count, months))
    none, zero = np.zeros((count, months)), np.zeros(count)
    places = np.arange(count)
    return Cells(
        segment=places, age=np.zeros(count, dtype=np.int64), state=np.zeros(count, dtype=np.int64),
        group=places, loans=ends, balance=ends, partial=none, draws=none, interest=rows,
        rate_sensitivity=none, exposure=rows, squared=zero, guaranteed=zero, annual_rate=zero,
    )  # fmt: skip
