"""Income support: rises of unemployment that do not reach borrowers, as in 2020 and 2021."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loantwin.errors import UsageError, expected
from loantwin.outlook.outlook import GivenScenario


def check_support(share: float) -> None:
    """Raise UsageError where a share is outside 0 to 1."""
    if not (np.isfinite(share) and 0.0 <= share <= 1.0):
        raise UsageError(expected("a share of 0 to 1", share), field="income_support")


def supported(item: GivenScenario, share: float) -> GivenScenario:
    """Return a scenario under income support: the share of rises above today's that borrowers do not feel."""
    if not share:
        return item
    words = (
        f"{item.name}: income support keeps {share:.0%} of what unemployment rises above today's from "
        "borrowers"
    )
    return replace(item, income_support=share, notes=(*item.notes, words))
