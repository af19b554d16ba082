"""A digital twin for loan portfolios: one model for provisions, stress tests, decisions and learning."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loantwin.errors import InputError as InputError
    from loantwin.errors import LoantwinError as LoantwinError

_EXPORTS = {
    "InputError": "loantwin.errors",
    "LoantwinError": "loantwin.errors",
    "backtest": "loantwin.verbs.backtesting",
    "backtest_rates": "loantwin.verbs.rate_backtesting",
    "capital": "loantwin.verbs.capitalising",
    "capital_explain": "loantwin.verbs.capitalising",
    "components": "loantwin.verbs.decomposing",
    "concentration": "loantwin.verbs.concentrating",
    "config_show": "loantwin.verbs.upkeep",
    "curves": "loantwin.verbs.histories",
    "decide": "loantwin.decisions.decide",
    "demo": "loantwin.interfaces.demo",
    "fit": "loantwin.verbs.fitting",
    "forecast": "loantwin.verbs.forecasting",
    "log_verify": "loantwin.verbs.upkeep",
    "loss": "loantwin.verbs.losses",
    "load_policy": "loantwin.decisions.load",
    "movement": "loantwin.verbs.allowance_movement",
    "open_twin": "loantwin.twin",
    "provisions": "loantwin.verbs.provisioning",
    "report": "loantwin.interfaces.report.build",
    "sensitivity": "loantwin.verbs.sensitivities",
    "stress": "loantwin.verbs.stressing",
    "synthetic": "loantwin.verbs.synthesis",
    "tape_check": "loantwin.verbs.tapes",
    "twin_create": "loantwin.verbs.tapes",
}

__all__ = list(_EXPORTS)


def __getattr__(name: str) -> Any:
    """Load an exported name when it is first asked for, so that importing the package stays light."""
    if name not in _EXPORTS:
        raise AttributeError(f"module 'loantwin' has no attribute {name!r}")
    return getattr(import_module(_EXPORTS[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
