"""Compile the main job's kernels to disk, on a book of a few loans: `python -m loantwin.interfaces.warm`."""

from __future__ import annotations

import numpy as np

from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.columns import loan_columns
from loantwin.engine.expectation import conditional_flows
from loantwin.engine.loss import FEWEST, loan_losses
from loantwin.engine.rows import TransitionParameters
from loantwin.engine.runoff import build_cells
from loantwin.kernels import in_shares
from loantwin.risk.kernels import BLOCKS, POWERS, exact_bins, staged_losses

MONTHS, LOANS = 14, 2 * FEWEST
"""Enough loans that the floating half is interpolated."""


def warm() -> None:
    """Run each kernel once on a few loans; a kernel already on disk is only read."""
    parameters = TransitionParameters(
        states=("current", "default", "prepaid"),
        live=1,
        origin=np.array([0, 0]),
        target=np.array([1, 2]),
        age=np.full((2, 2), -4.0),
        segment=np.zeros((2, 1)),
        macro=np.zeros((2, 0)),
        loading=np.zeros((2, 0)),
        segments=("all",),
        factors=(),
        latents=(),
        default_state=1,
        prepaid_state=2,
    )
    lgd = LossGivenDefault(np.full((1, 2), 0.5), np.full((1, 2), 0.1), np.ones(1), np.ones(1))
    columns = loan_columns(
        segment=0,
        age=np.arange(LOANS) % 4,
        state=0,
        product=np.arange(LOANS) % 4,
        remaining_months=MONTHS,
        principal=np.full(LOANS, 1000.0),
        annual_rate=0.05,
        floating=np.arange(LOANS) < FEWEST,
        rate_spread=0.02,
    )
    index, shocks = np.full(MONTHS, 0.03), np.ones((1, MONTHS, 2))
    conditional_flows(parameters, build_cells(columns, MONTHS, index_path=index), lgd, shocks)
    loan_losses(parameters, columns, lgd, shocks, index_paths=index[None])
    loan_losses(parameters, columns, lgd, shocks)
    loss, stage = np.ones((4, 1, 2)), np.ones(4, dtype=np.int64)
    bits, blocks = np.ones((1, 4)).view(np.int64), np.zeros((BLOCKS, POWERS, 2, 1, 2), dtype=np.int64)
    in_shares(exact_bins, BLOCKS, bits, stage, blocks)
    early, whole, one = loss[:, :, 0], loss[:, :, 1], np.ones(4)
    sound = np.ones((2, BLOCKS), dtype=np.bool_)
    in_shares(
        staged_losses, BLOCKS, early, whole, one, stage, np.ones(1), np.empty((1, 4)), np.empty(4), sound
    )


if __name__ == "__main__":
    warm()
