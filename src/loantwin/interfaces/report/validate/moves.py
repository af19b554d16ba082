"""What the allowance does when one component of the model is moved: materiality, in money.

Each move is a step that a validator would argue about, the same for every lender; none is a confidence
interval. The allowance is that of IFRS 9 were the generator's expected path certain: one path, so that every
move is quick.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from loantwin.arrays import Flags
from loantwin.engine.rows import worsening_edges
from loantwin.models.fitted import FittedModel
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.portfolio import ifrs9_allowance
from loantwin.twin import Learnt, Twin
from loantwin.verbs.stress.scenarios import expected_path, reach

HIGH, MEDIUM = 0.10, 0.03
"""Shares of the allowance from which a move makes its component one of high, or of medium, materiality."""
STEP = 0.10


@dataclass(frozen=True)
class Moved:
    """A component, the step by which it was moved, and what the IFRS 9 allowance then is.

    change : share of the allowance, None of an allowance of 0. materiality : high, medium or low, of its
        size.
    """

    component: str
    step: str
    allowance: float
    change: float | None
    materiality: str


def moved(twin: Twin, told: Callable[[int, int], None]) -> tuple[float, tuple[Moved, ...]]:
    """Return the allowance as it is, and under every move, the largest first."""
    was, made, moves = allowance(twin), [], _moves(twin)
    for place, ((component, step), other) in enumerate(moves.items()):
        told(place, len(moves))
        found = allowance(other(twin))
        change = found / was - 1.0 if was else None
        made.append(Moved(component, step, found, change, _size(change)))
    return was, tuple(sorted(made, key=lambda item: -abs(item.change or 0.0)))


def allowance(twin: Twin) -> float:
    """Return the IFRS 9 allowance net of guarantees were the generator's expected path certain."""
    outlook = Outlook(twin)
    return ifrs9_allowance(outlook, expected_path(outlook, reach(outlook, 1)))


def _size(change: float | None) -> str:
    size = abs(change or 0.0)
    return "high" if size >= HIGH else "medium" if size >= MEDIUM else "low"


def _moves(twin: Twin) -> Mapping[tuple[str, str], Callable[[Twin], Twin]]:
    settings, macro, model = twin.config.ifrs9, twin.config.macro, twin.model
    odds = f"odds {1 + STEP:.1f} times"
    worse = worsening_edges(model.parameters)
    early = np.asarray(model.parameters.target == model.parameters.prepaid_state)
    found: dict[tuple[str, str], Callable[[Twin], Twin]] = {
        ("moves into arrears and default", odds): lambda one: _taught(one, _edges(one.model, worse)),
        ("early payoff", odds): lambda one: _taught(one, _edges(one.model, early)),
        ("loss given default: charged off", f"{1 + STEP:.1f} times"): lambda one: _taught(
            one, _severity(one.model, charged_off=1.0 + STEP)
        ),
        ("loss given default: recovered", f"{1 - STEP:.1f} times"): lambda one: _taught(
            one, _severity(one.model, recovered=1.0 - STEP)
        ),
        ("significant increase: ratio", f"1.5 instead of {settings.lifetime_pd_ratio:g}"): lambda one: (
            one.using(replace(one.config, ifrs9=replace(settings, lifetime_pd_ratio=1.5)))
        ),
    }
    if model.processes:
        found["period effect today", "one standard deviation worse"] = lambda one: _taught(
            one, _level(one.model)
        )
    if model.covariates:
        months = 12 if macro.supported_months != 12 else 24
        found["supported period", f"{months} instead of {macro.supported_months} months"] = lambda one: (
            one.using(replace(one.config, macro=replace(macro, supported_months=months)))
        )
    if float(twin.book.loans["undrawn"].fill_null(0.0).sum()) > 0.0:
        found["conversion factor of undrawn amounts", f"{model.conversion_factor:.2f} and 0.10 more"] = (
            lambda one: _taught(
                one,
                replace(one.model, conversion_factor=min(one.model.conversion_factor + STEP, 1.0)),
            )
        )
    return found


def _taught(twin: Twin, model: FittedModel) -> Twin:
    return twin.taught(Learnt(model, twin.generator, twin.macro_sources))


def _edges(model: FittedModel, chosen: Flags) -> FittedModel:
    age = model.parameters.age.copy()
    age[chosen] += np.log(1.0 + STEP)
    return replace(model, parameters=replace(model.parameters, age=age))


def _severity(model: FittedModel, charged_off: float = 1.0, recovered: float = 1.0) -> FittedModel:
    lost = np.minimum(model.lgd.charged_off * charged_off, 1.0)
    back = np.minimum(model.lgd.recovered * recovered, lost)
    return replace(model, lgd=replace(model.lgd, charged_off=lost, recovered=back))


def _level(model: FittedModel) -> FittedModel:
    """Return the model with its first period effect one standard deviation worse at the as-of month."""
    first, *others = model.processes
    worse = replace(first, mean=first.mean + float(np.sqrt(first.variance)))
    return replace(model, processes=(worse, *others))
