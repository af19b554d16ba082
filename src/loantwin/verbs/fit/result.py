"""What `fit` returns: transitions, levels, severity, generator, and what was left to the prior."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from loantwin.engine.rows import published_states
from loantwin.macro.generator import MacroGenerator
from loantwin.models.fitted import FittedModel
from loantwin.models.registry import LOGIT, model_name
from loantwin.models.relevel import Relevel
from loantwin.twin import Twin
from loantwin.types import Result


@dataclass(frozen=True)
class FittedEdge:
    """One transition: what it was learnt from. events are weighted; loan_months is what was at risk."""

    edge: str
    assumed: bool
    events: float
    effective_events: float
    loan_months: float
    macro: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class ScoredFit:
    """What a score tells the twin.

    coefficients : transition -> change of its log-odds by unit of the score's log-odds, with a 90 % interval;
        on the way into default 1 means that the score is right on the twin's definition of default.
    bands, slopes : observed defaults within 12 months of origination beside the twin's and the score's own.
    """

    name: str
    registry_id: str
    coefficients: Mapping[str, Mapping[str, float]]
    bands: tuple[Mapping[str, Any], ...]
    slopes: Mapping[str, Any]


def scored_fit(record: Mapping[str, Any]) -> ScoredFit | None:
    """Return what a fit's diagnostics say of its score, None without one."""
    if "score" not in record:
        return None
    told = record["score"]
    found = {edge["edge"]: edge["score"] for edge in record["edges"] if "score" in edge}
    return ScoredFit(told["name"], told["registry_id"], found, tuple(told["bands"]), told["slopes"])


@dataclass(frozen=True)
class FitResult(Result):
    """What was fitted.

    levels : the period effects, their persistence (phi) and monthly innovation (sigma), log-odds.

    prior_only : what too few events leave to the prior. notes : what was left out and why.
    model : name of the transition model. prior : name of the product's prior model it started from, if any.
    learnt_from : the twins it learnt from, which share of each transition's level rests on them, and by how
        much books are taken to differ, assumed or estimated; empty where the book was learnt from alone.
    left_out : loans that are on the tape and not learnt from, by reason. relevel : factors on monthly odds
        that combine the twin with its rivals, None where its own level stands.
    update : where the model was carried on by new months: from which one, by what, how they were foretold,
        and whether a full refit is recommended; None after a full fit.
    score : the score's coefficients and what its bands say of the first year; None where no score was given.
    """

    SCHEMA = "loantwin.fit/1"

    as_of: dt.date
    segments: tuple[str, ...]
    states: tuple[str, ...]
    absent_states: tuple[str, ...]
    edges: tuple[FittedEdge, ...]
    levels: Mapping[str, Mapping[str, float]]
    loss_given_default: Mapping[str, Any]
    covariates: tuple[str, ...]
    macro_known_until: Mapping[str, str]
    generator: Mapping[str, Any]
    prior_only: tuple[str, ...]
    notes: tuple[str, ...]
    model: str = LOGIT
    prior: str | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    relevel: Relevel | None = None
    update: Mapping[str, Any] | None = None
    learnt_from: Mapping[str, Any] = field(default_factory=dict)
    score: ScoredFit | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def target(self) -> str:
        """Return the state that a loss begins with: `default`, of a source without it `charged_off`."""
        return "default" if any(_end(edge) == "default" for edge in self.edges) else "charged_off"

    @property
    def fate(self) -> str:
        """Return `target` as what loans do: "default" or "are charged off"."""
        return "default" if self.target == "default" else "are charged off"

    @property
    def events(self) -> float:
        """Return how many loans were seen to enter `target`, weighted."""
        return sum(edge.events for edge in self.edges if _end(edge) == self.target and not edge.assumed)

    @property
    def live_months(self) -> float:
        """Return the months that loans were seen live, weighted."""
        at_risk: dict[str, float] = {}
        for edge in self.edges:
            start = edge.edge.split(" -> ")[0]
            at_risk[start] = max(at_risk.get(start, 0.0), edge.loan_months)
        return sum(at_risk.values())

    @property
    def default_rate(self) -> float | None:
        """Return the share of live loans, decimal, that enter `target` in a year: 12 events over live months,
        at most 1; None where none was seen to.
        """
        seen = self.events and self.live_months
        return min(12.0 * self.events / self.live_months, 1.0) if seen else None


def _end(edge: FittedEdge) -> str:
    return edge.edge.split(" -> ")[-1]


def result_of(
    twin: Twin, model: FittedModel, generator: MacroGenerator, ends: Mapping[str, str], said: tuple[str, ...]
) -> FitResult:
    record = model.diagnostics
    processes = zip(model.parameters.latents, model.processes, strict=True)
    return FitResult(
        as_of=model.as_of,
        segments=model.segments,
        states=published_states(model.parameters.states),
        absent_states=model.absent,
        edges=tuple(
            FittedEdge(
                edge["edge"],
                edge["assumed"],
                edge["events"],
                edge["effective_events"],
                edge["loan_months"],
                edge["macro"],
            )
            for edge in record["edges"]
        ),
        levels={
            name: {
                "phi": process.phi,
                "sigma": process.sigma,
                "level": process.mean,
                "level_deviation": process.variance**0.5,
            }
            for name, process in processes
        },
        loss_given_default=record["severity"],
        covariates=tuple(covariate.name for covariate in model.covariates),
        macro_known_until=ends,
        generator={
            "factors": list(generator.factors),
            "quarters": len(generator.residuals) if generator.factors else 0,
            "largest_root": generator.root,
            "dropped": dict(generator.dropped),
        },
        prior_only=model.prior_only,
        notes=(*record["notes"], *said),
        model=model_name(model),
        prior=twin.provenance()["prior"],
        relevel=model.relevel,
        update=model.provenance.get("update"),
        learnt_from=record.get("learnt_from", {}),
        score=scored_fit(record),
        provenance=twin.provenance(),
    )
