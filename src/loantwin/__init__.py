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
    "backtest": "loantwin.verbs.backtest.backtest",
    "backtest_rates": "loantwin.verbs.backtest_rates",
    "capital": "loantwin.verbs.capital",
    "capital_explain": "loantwin.verbs.capital",
    "Outlook": "loantwin.outlook.outlook",
    "Twin": "loantwin.twin",
    "check_format": "loantwin.conformance.format",
    "check_loss_model": "loantwin.conformance.loss_model",
    "check_policy": "loantwin.decisions.check",
    "check_standard": "loantwin.conformance.standard",
    "check_transition_model": "loantwin.conformance.transition_model",
    "compare": "loantwin.verbs.compare",
    "components": "loantwin.verbs.components",
    "concentration": "loantwin.verbs.concentration",
    "config_show": "loantwin.verbs.upkeep",
    "curves": "loantwin.verbs.curves",
    "decide": "loantwin.decisions.decide",
    "demo": "loantwin.interfaces.demo",
    "fit": "loantwin.verbs.fit",
    "forecast": "loantwin.verbs.forecast",
    "log_verify": "loantwin.verbs.upkeep",
    "loss": "loantwin.verbs.loss.loss",
    "happened": "loantwin.verbs.compare",
    "load_policy": "loantwin.decisions.load",
    "movement": "loantwin.verbs.movement",
    "open": "loantwin.twin",
    "provisions": "loantwin.verbs.provisions.provisions",
    "ratings": "loantwin.verbs.ratings",
    "report": "loantwin.interfaces.report.report.report",
    "sensitivity": "loantwin.verbs.sensitivity",
    "stress": "loantwin.verbs.stress.stress",
    "synthetic": "loantwin.verbs.synthetic",
    "tape_check": "loantwin.verbs.tape",
    "twin_create": "loantwin.verbs.tape",
}

__all__ = list(_EXPORTS)


def __getattr__(name: str) -> Any:
    """Load an exported name when it is first asked for, so that importing the package stays light."""
    if name not in _EXPORTS:
        raise AttributeError(f"module 'loantwin' has no attribute {name!r}")
    return getattr(import_module(_EXPORTS[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
