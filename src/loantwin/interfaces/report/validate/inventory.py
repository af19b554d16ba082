"""The components of a fitted twin: their form, on what each rests, and what it decides."""

from __future__ import annotations

from dataclasses import dataclass

from loantwin.engine.rows import MEMORY
from loantwin.interfaces.report.labels import counted
from loantwin.twin import Twin

ALL = "forecast, provisions, stress, losses"


@dataclass(frozen=True)
class Component:
    """A part of the model. basis : fitted, prior alone or assumed, with numbers. decides : what reads it."""

    name: str
    form: str
    basis: str
    decides: str


def inventory(twin: Twin) -> tuple[Component, ...]:
    """Return the parts that this twin has; one that it lacks is not listed."""
    model = twin.model
    record = model.diagnostics
    edges = record["edges"]
    events = sum(edge["events"] for edge in edges if not edge["assumed"])
    alone = len(set(model.prior_only))
    assumed = sum(model.assumed)
    severity = record["severity"]
    made = [
        Component(
            "moves between states",
            f"multinomial logit, {counted(len(edges), 'move')}, {counted(len(model.segments), 'segment')}",
            f"{events:,.0f} events of this lender; {alone} parts prior alone, {assumed} moves assumed",
            ALL,
        ),
        Component(
            "loss given default",
            "shares charged off and recovered by segment and age, with lags",
            f"{severity['defaults']:,.0f} defaults"
            + (", prior alone" if severity["prior_only"] else ", prior beside"),
            ALL + "; not capital under the standardised approach",
        ),
    ]
    made += [
        Component(
            f"period effect: {process.name}",
            f"autoregressive, half-life {process.half_life:.0f} months, t with {process.tails:g} degrees",
            f"{process.months} months of this lender, prior by product class",
            ALL,
        )
        for process in model.processes
    ]
    if model.covariates:
        made.append(
            Component(
                "effects of the economy",
                counted(len(model.covariates), "covariate"),
                "this lender's months, prior beside",
                "forecast, provisions and stress under scenarios",
            )
        )
        made.append(
            Component(
                "macro generator",
                f"vector autoregression, {counted(len(twin.generator.factors), 'factor')}",
                "published series up to the as-of date",
                "forecast, losses; provisions without a stated scenario",
            )
        )
    if model.sizes is not None:
        made.append(Component("size of a loan", "bands of amount", "this lender's events", ALL))
    if any(MEMORY in state for state in model.parameters.states):
        made.append(
            Component("memory in arrears", "states split by what came before", "this lender's panel", ALL)
        )
    if model.severity is not None:
        made.append(
            Component(
                "severity under stress", "moves with credit conditions", "fitted or prior", "stress, losses"
            )
        )
    if model.relevel is not None:
        made.append(
            Component("combination with rivals", "monthly factors on the odds", "rivals' forecasts", ALL)
        )
    made.append(
        Component(
            "staging under IFRS 9",
            "lifetime PD against recognition, days past due, forbearance",
            "settings of this twin",
            "provisions",
        )
    )
    return tuple(made)
