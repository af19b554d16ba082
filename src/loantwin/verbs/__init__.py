"""The verbs: one function a command, each returning a frozen result whose `to_dict()` is the command's JSON."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_EXPORTS = {
    "backtest": "backtesting",
    "backtest_rates": "rate_backtesting",
    "capital": "capitalising",
    "capital_explain": "capitalising",
    "components": "decomposing",
    "concentration": "concentrating",
    "config_show": "upkeep",
    "curves": "histories",
    "fit": "fitting",
    "forecast": "forecasting",
    "log_verify": "upkeep",
    "loss": "losses",
    "movement": "allowance_movement",
    "provisions": "provisioning",
    "ratings": "rating",
    "sensitivity": "sensitivities",
    "stress": "stressing",
    "synthetic": "synthesis",
    "tape_check": "tapes",
    "twin_create": "tapes",
}

__all__ = list(_EXPORTS)


def __getattr__(name: str) -> Any:
    """Load a verb when it is first asked for, so that `--help` stays light."""
    if name not in _EXPORTS:
        raise AttributeError(f"module 'loantwin.verbs' has no attribute {name!r}")
    return getattr(import_module(f"loantwin.verbs.{_EXPORTS[name]}"), name)
