"""What the parts of a stress test's page share: names of figures, amounts, the worst scenario."""

from __future__ import annotations

from loantwin.risk.stress.stress import StressResult

FIGURES = {
    "defaulted": "defaulted",
    "charged_off": "charged off",
    "allowance": "IFRS 9 allowance",
    "net_interest_income": "net interest income",
}


def amount(value: float | None) -> str:
    """Return money without decimals; what rounds to nothing is 0, without a sign."""
    return "–" if value is None else f"{value + 0.0 if abs(value) >= 0.5 else 0.0:,.0f}"


def worst(result: StressResult) -> str:
    """Return the scenario with the most defaults; the baseline where it is alone."""
    others = list(result.scenarios)[1:] or [result.baseline]
    return max(others, key=lambda name: result.scenarios[name].defaulted)


def opening(result: StressResult) -> float:
    flows = result.paths[result.baseline]
    return (
        flows.balance[0]
        + sum(flows.cash_in.get(name, (0.0,))[0] for name in ("scheduled_principal", "prepaid"))
        + flows.defaulted[0]
    )
