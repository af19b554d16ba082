"""A handful of loans as capital rules read them, each field settable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from loantwin.risk.capital.amounts import CapitalLoans
from loantwin.risk.capital.classes import NAMES
from loantwin.risk.capital.options import RATINGS, load_options

UNRATED = RATINGS.index("unrated")


@pytest.fixture(scope="session")
def made_loans() -> Callable[..., CapitalLoans]:
    def make(
        count: int,
        classes: Any = "corporate",
        asset_class: Any = "corporate",
        options: str = "basel",
        **fields: Any,
    ) -> CapitalLoans:
        known = load_options(options).classes
        codes = [known.index(name) for name in np.broadcast_to(classes, count)]
        assets = [NAMES.index(name) for name in np.broadcast_to(asset_class, count)]
        values: dict[str, Any] = {
            "exposure": 100.0, "undrawn": 0.0, "weight": 1.0, "exposure_class": codes, "asset_class": assets,
            "rating": UNRATED, "ltv": np.nan, "counterparty_weight": 1.0, "defaulted": False,
            "provision_share": 0.0, "currency_mismatch": False, "loan_splitting": False, "guaranteed": 0.0,
            "guarantor_weight": np.nan, "conversion": 0.4, "own_conversion": 0.0, "revolving": False,
            "pd": 0.01, "lgd": 0.45, "elbe": np.nan, "maturity": 2.5, "annual_sales": np.nan,
            "transactor": False, "subordinated": False, "collateral_kind": -1, "collateral_value": 0.0,
            "supporting": 1.0, "slot": -1,
        }  # fmt: skip
        values.update(fields)
        whole = {"exposure_class", "asset_class", "rating", "collateral_kind", "slot"}
        truth = {
            "defaulted",
            "currency_mismatch",
            "loan_splitting",
            "revolving",
            "transactor",
            "subordinated",
        }
        kinds = {
            name: np.int8 if name in whole else np.bool_ if name in truth else np.float64 for name in values
        }
        return CapitalLoans(
            **{
                name: np.array(np.broadcast_to(value, count), dtype=kinds[name])
                for name, value in values.items()
            }
        )

    return make
