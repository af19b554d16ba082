"""Provisions, loss distributions, capital, concentration and stress."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_EXPORTS = {
    "credit_risk_plus": "loantwin.risk.loss.creditrisk_plus",
    "irb_capital": "loantwin.risk.capital.irb",
    "irb_risk_weight": "loantwin.risk.capital.irb",
    "standardised_risk_weight": "loantwin.risk.capital.standardised",
    "vasicek_quantile": "loantwin.risk.loss.tail",
}

__all__ = list(_EXPORTS)


def __getattr__(name: str) -> Any:
    """Load an exported name when it is first asked for, so that importing the package stays light."""
    if name not in _EXPORTS:
        raise AttributeError(f"module 'loantwin.risk' has no attribute {name!r}")
    return getattr(import_module(_EXPORTS[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
