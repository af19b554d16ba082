"""A month's money in whole minor units (cents), in which the two identities of a step hold exactly."""

from __future__ import annotations

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.engine.step.tables import FIGURES, StepFlows

NUMBERS = ("defaulted_number", "live_number")
MONEY = tuple(name for name in FIGURES if name not in NUMBERS)
"""Figures that are amounts of money."""


def minor_units(flows: StepFlows, in_default_before: Floats) -> dict[str, Integers]:
    """Return every amount rounded to minor units, each (E,) int64, with the rounding put where it belongs.

    Every amount is within half a minor unit of the simulation's, but for scheduled_principal, resolved and
    profit, which take what rounding leaves, at most four minor units, so that exactly

        balance = opening + new_lending + draws + arrears - scheduled_principal - prepaid - exited - defaulted
        in_default = in_default of the month before + defaulted - charged_off - resolved
        profit = interest - funding_cost - servicing_cost - collection_cost - loss
    """
    units = {name: np.rint(flows[name] * 100.0).astype(np.int64) for name in MONEY}
    gone = units["prepaid"] + units["exited"] + units["defaulted"]
    units["scheduled_principal"] = (
        units["opening"] + units["new_lending"] + units["draws"] + units["arrears"] - gone - units["balance"]
    )
    before = np.rint(in_default_before * 100.0).astype(np.int64)
    units["resolved"] = before + units["defaulted"] - units["charged_off"] - units["in_default"]
    units["profit"] = (
        units["interest"]
        - units["funding_cost"]
        - units["servicing_cost"]
        - units["collection_cost"]
        - units["loss"]
    )
    return units
