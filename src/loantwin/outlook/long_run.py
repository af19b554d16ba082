"""The level of the economy that scenarios revert to."""

from __future__ import annotations

import numpy as np

from loantwin.arrays import Floats
from loantwin.macro.revert import extend
from loantwin.outlook.outlook import Outlook

LONGEST_LOOK_BACK = 36
"""Months that a covariate's transform and lag look back, at most."""


def long_run_covariates(outlook: Outlook) -> Floats:
    """Return the macro covariates at the level scenarios revert to, (F,): the past, carried until settled."""
    macro = outlook.twin.config.macro
    settled = macro.reversion_months + LONGEST_LOOK_BACK
    path = extend(
        outlook.history, outlook.history, outlook.month0, macro.reversion_months, outlook.month0 + settled
    )
    return np.asarray(outlook.given(path, settled).covariates[0, -1])
