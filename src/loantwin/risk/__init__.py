"""Provisions, loss distributions, capital, concentration and stress."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loantwin.risk.capital.irb import irb_capital as irb_capital
    from loantwin.risk.capital.irb import irb_risk_weight as irb_risk_weight
    from loantwin.risk.capital.standardised import standardised_risk_weight as standardised_risk_weight
    from loantwin.risk.loss.creditrisk_plus import credit_risk_plus as credit_risk_plus
    from loantwin.risk.loss.tail import vasicek_quantile as vasicek_quantile

_EXPORTS = {
    "credit_risk_plus": "loantwin.risk.loss.creditrisk_plus",
    "irb_capital": "loantwin.risk.capital.irb",
    "irb_risk_weight": "loantwin.risk.capital.irb",
    "standardised_risk_weight": "loantwin.risk.capital.standardised",
    "vasicek_quantile": "loantwin.risk.loss.tail",
}

__all__ = list(_EXPORTS)


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Load an exported name when it is first asked for, so that importing the package stays light."""
        if name not in _EXPORTS:
            raise AttributeError(f"module 'loantwin.risk' has no attribute {name!r}")
        return getattr(import_module(_EXPORTS[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
