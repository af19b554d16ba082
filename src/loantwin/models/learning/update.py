"""A fitted model carried to a later date: each new month is foreseen, checked, and learnt from.

What the months before taught is in the model's posterior and is not read again. The noise of single months,
knots, covariates, bands of size, what is assumed and loss given default stay as the last full fit left them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from loantwin import months
from loantwin.arrays import Floats
from loantwin.book.mapping import TapeFormat
from loantwin.book.payoff import payoff_observed
from loantwin.book.segments import segment_labels
from loantwin.engine.rows import VINTAGE, base_label, published_states
from loantwin.errors import UsageError, expected
from loantwin.macro.covariates import evaluate
from loantwin.macro.scenario import Scenario
from loantwin.models.counts import Counts, edge_cells, panel_counts
from loantwin.models.fitted import FittedModel, check_model
from loantwin.models.latent import LatentProcess, usual_scale
from loantwin.models.learning.grown import AGAIN, codes_of, edge_errors, errors_of, grown
from loantwin.models.learning.new_months import new_outcomes, window
from loantwin.models.learning.pace import paced
from loantwin.models.learning.posterior import (
    EdgeState,
    Learned,
    LevelState,
    Totals,
    foreseen,
    learn,
    pull,
    stepped,
)
from loantwin.models.learning.record import Steps, recorded
from loantwin.models.learning.surprise import surprise
from loantwin.models.learning.today import dated, moved_odds, shares, with_covariance
from loantwin.models.memory import REMEMBERED, against, memory_of
from loantwin.models.scored import full_labels
from loantwin.models.settings import FitSettings, prior_of
from loantwin.models.spline import basis_values
from loantwin.models.tape_beliefs import first_vintage, survival_of
from loantwin.models.transitions import CREDIT, PREPAYMENT, on_grid
from loantwin.models.uncertainty import EdgeErrors, Errors

MOST_UNKNOWN = 0.1
"""Share of new loan-months of segments the model never saw, above which it is another book."""


@dataclass(frozen=True)
class NewMonths:
    """What is new since a model's date. unknown : share of its loan-months by segments never seen."""

    counts: Counts
    unknown: dict[str, float]


def update_model(
    model: FittedModel,
    loans: pl.DataFrame,
    panel: pl.DataFrame | None,
    mapping: TapeFormat,
    as_of: dt.date,
    history: Scenario,
) -> FittedModel:
    """Return the model carried from its date to `as_of` by the months between.

    Parameters
    ----------
    model : as fitted, or updated before.
    loans, panel, mapping, as_of, history : as in `fit_model`; of the panel only new months are counted.

    Raises
    ------
    UsageError : a date not after the model's, no new months, segments or states it does not know, or a model
        that holds no errors. ScenarioError : a history without the model's covariates. ModelError : an update
        that does not settle.
    """
    errors_of(model)
    if as_of <= model.as_of:
        raise UsageError(
            expected(f"a date after {model.as_of}, the date of the model", as_of), field="update"
        )
    new = new_months(model, loans, panel, mapping, as_of)
    return learnt_from(model, new, as_of, history)


def new_months(
    model: FittedModel, loans: pl.DataFrame, panel: pl.DataFrame | None, mapping: TapeFormat, as_of: dt.date
) -> NewMonths:
    """Return the counts of the months after the model's date, by the model's own states and segments.

    Raises
    ------
    UsageError : no new months, or segments or states the model does not know.
    """
    states = model.parameters.states
    if panel is not None and panel.height:
        memory = memory_of(model.provenance)
        rows, counted = window(panel, model.as_of, 0 if memory is None else REMEMBERED + 1)
        seen = loans.join(rows.select("loan_id").unique(), on="loan_id", how="semi", maintain_order="left")
        labels = full_labels(segment_labels(seen, mapping), seen, model.sizes, model.score)
        told = published_states(states[: model.parameters.live])
        counts = panel_counts(rows, seen, labels, as_of, told, memory=memory or False)
        if memory is not None:
            counts = replace(counts, cells=counts.cells.filter(pl.col("month") > counted))
    else:
        labels = full_labels(segment_labels(loans, mapping), loans, model.sizes, model.score)
        settings = FitSettings(ages=model.parameters.age.shape[1], prior=prior_of(model.provenance))
        counts = new_outcomes(
            loans, labels, model.as_of, as_of, survival=survival_of(mapping, settings),
            fit_from_vintage=first_vintage(mapping), payoff_observed=payoff_observed(mapping),
        )  # fmt: skip
    if not counts.cells.height:
        raise UsageError(expected(f"months after {model.as_of} with loans at risk", "none"), field="update")
    strange = [name for name in counts.states if name not in states]
    if strange:
        raise UsageError(
            expected(f"states {', '.join(states)} of the stored model", strange[0]) + AGAIN, field="update"
        )
    return NewMonths(counts, _unknown(model, counts))


def _unknown(model: FittedModel, counts: Counts) -> dict[str, float]:
    """Return shares of new loan-months of segments the model never saw; too many are another book."""
    known = {base_label(label) for label in model.parameters.segments}
    at_risk = np.bincount(
        counts.cells["segment"].to_numpy(), counts.cells["at_risk"].to_numpy(), len(counts.segments)
    )
    share = at_risk / at_risk.sum()
    found: dict[str, float] = {}
    for label, part in zip(counts.segments, share, strict=True):
        if base_label(label) not in known and part > 0:
            found[base_label(label)] = found.get(base_label(label), 0.0) + float(part)
    if sum(found.values()) > MOST_UNKNOWN:
        raise UsageError(
            expected(
                f"segments of the stored model in {1 - MOST_UNKNOWN:.0%} of new loan-months or more",
                f"{sum(found.values()):.0%} of others, {next(iter(found))} first",
            ) + AGAIN,
            field="update",
        )  # fmt: skip
    return found


def learnt_from(model: FittedModel, new: NewMonths, as_of: dt.date, history: Scenario) -> FittedModel:
    """Return the model after new months, one after the other; see `update_model`."""
    counts, start = new.counts, model
    cells = counts.cells["month"].to_numpy()
    stands = _month(model.as_of)
    # a fit in mid-month may not have seen the reports of its own month
    first = min(int(cells.min()), stands + 1)
    covariates = evaluate(model.covariates, history, first, _month(as_of))
    seen: list[Totals] = []
    years: list[int] = []
    trail: list[tuple[int, FittedModel]] = []
    for month in range(first, _month(as_of) + 1):
        if month > stands:
            model = _waited(model, 1)
        there = replace(counts, cells=counts.cells.filter(pl.col("month") == month))
        if there.cells.height:
            model, added = _grown(model, there)
            model, totals = _after(model, there, covariates[month - first], month > stands)
            years.extend(added)
            seen.extend(totals)
        if month > stands:
            trail.append((month, model))
    model = dated(model, as_of, covariates[-1], counts)
    steps = Steps(
        month=tuple(month for month, _ in trail),
        level=tuple(tuple(one.mean for one in then.processes) for _, then in trail),
        deviation=tuple(tuple(one.variance**0.5 for one in then.processes) for _, then in trail),
        years=tuple(years),
        unread=_unread(start, counts),
        unknown=new.unknown,
        moved=moved_odds(_waited(start, _month(as_of) - _month(start.as_of)), model, counts),
        pace={
            now.name: now.sigma / before.sigma
            for before, now in zip(start.processes, model.processes, strict=True)
        },
    )
    made = recorded(start, model, counts, steps, surprise(seen), effective_of(start))
    check_model(made)
    return made


def _month(day: dt.date) -> int:
    return months.month_of(day, months.anchor_day(day))


def _grown(model: FittedModel, counts: Counts) -> tuple[FittedModel, tuple[int, ...]]:
    """Return the model with the labels of a month's cells, and the vintages added."""
    cells = counts.cells
    year = (cells["month"].to_numpy() - cells["age"].to_numpy()) // 12
    found = np.unique(np.column_stack([cells["segment"].to_numpy(), year]), axis=0)
    settings = model.provenance["settings"]
    if not settings["vintage_frailty"] > 0:
        return model, ()
    return grown(
        model,
        [(counts.segments[segment], made) for segment, made in found.tolist()],
        settings["vintage_frailty"],
        settings["vintage_memory"],
    )


def _unread(model: FittedModel, counts: Counts) -> bool:
    """Return whether new months hold several vintages, and the model, fitted when there was one, none."""
    cells = counts.cells
    vintages = np.unique((cells["month"].to_numpy() - cells["age"].to_numpy()) // 12)
    told = any(VINTAGE in label for label in model.parameters.segments)
    return len(vintages) > 1 and not told and model.provenance["settings"]["vintage_frailty"] > 0


def _after(
    model: FittedModel, counts: Counts, macro: Floats, stepped_on: bool
) -> tuple[FittedModel, list[Totals]]:
    """Return the model after one month's counts, and what had been expected of them.

    stepped_on : False in the month that the model stands in, which tells nothing of a step.
    """
    seen = []
    for latent in range(len(model.processes)):
        edges = edges_of(model, latent)
        if not edges:
            continue
        level, states = _states(model, counts, macro, latent, edges)
        process = model.processes[latent]
        seen.append(foreseen(level, states, (usual_scale(process.tails) ** 2 - 1.0) * process.sigma**2))
        mode = None
        # a process that is taken as known has no points: its pace is not asked about
        if stepped_on and process.points:
            found = pull(level, states)
            process, level, states = paced(process, level, states, found)
            mode = found.mode
        model = _moved(model, latent, edges, learn(level, states, mode), process)
    return with_covariance(model), seen


def edges_of(model: FittedModel, latent: int) -> tuple[int, ...]:
    """Return the fitted edges that read a level; one that reads none goes with those of its kind."""
    parameters, name = model.parameters, model.parameters.latents[latent]
    found = []
    for edge, assumed in enumerate(model.assumed):
        loading = np.abs(parameters.loading[edge])
        kind = PREPAYMENT if parameters.target[edge] == parameters.prepaid_state else CREDIT
        mine = int(np.argmax(loading)) == latent if loading.any() else kind == name
        if not assumed and mine:
            found.append(edge)
    return tuple(found)


def _waited(model: FittedModel, steps: int) -> FittedModel:
    """Return the model with its levels some months on and nothing seen: they revert, and are less certain."""
    errors = model.errors
    if not steps or errors is None:
        return model
    edges, shared = list(errors.edges), list(errors.shared)
    processes = list(model.processes)
    for latent, process in enumerate(processes):
        fade = process.phi**steps
        variance = fade**2 * process.variance + process.long_run_variance * (1.0 - fade**2)
        processes[latent] = replace(process, mean=fade * process.mean, variance=variance)
        common = shared[latent]
        if common is not None:
            shared[latent] = stepped(common, fade, variance)
            continue
        for edge in edges_of(model, latent):
            own = edges[edge]
            if own is not None:
                edges[edge] = replace(own, covariance=stepped(own.covariance, fade, variance))
    return replace(
        model, processes=tuple(processes), errors=Errors(errors.segment, tuple(edges), tuple(shared))
    )


def _states(
    model: FittedModel, counts: Counts, macro: Floats, latent: int, edges: Sequence[int]
) -> tuple[LevelState, tuple[EdgeState, ...]]:
    """Return a level and its edges before a month's counts."""
    parameters, errors, process = model.parameters, errors_of(model), model.processes[latent]
    ages = parameters.age.shape[1]
    effective = effective_of(model)
    memory = memory_of(model.provenance)
    share = shares(model, macro)
    states = []
    for edge in edges:
        own = edge_errors(model, edge)
        ends = (parameters.states[parameters.origin[edge]], parameters.states[parameters.target[edge]])
        raw = edge_cells(counts, *ends)
        label = codes_of(model, counts.segments, raw)
        cells = on_grid(raw, ages)
        states.append(
            EdgeState(
                eta=parameters.age[edge, cells.age]
                - against(memory, ends[0])
                + parameters.segment[edge, label]
                + float(share[edge] * (parameters.macro[edge] @ macro)),
                at=np.concatenate(
                    [
                        basis_values(own.knots, ages)[cells.age],
                        errors.segment[label],
                        np.broadcast_to(share[edge] * macro, (len(label), len(macro))),
                    ],
                    axis=1,
                ),
                loading=float(parameters.loading[edge, latent]),
                covariance=own.covariance,
                trials=cells.trials * effective,
                events=cells.events * effective,
                share=float(share[edge]),
            )
        )
    level = LevelState(process.mean, process.variance, process.noise, errors.shared[latent], macro)
    return level, tuple(states)


def effective_of(model: FittedModel) -> float:
    """Return what weighted numbers are multiplied by to be effective ones, as the full fit found it."""
    return float(model.diagnostics.get("sample", {}).get("effective events by weighted event", 1.0))


def _moved(
    model: FittedModel, latent: int, edges: Sequence[int], learned: Learned, process: LatentProcess
) -> FittedModel:
    """Return the model with what a month taught a level, its process and its edges."""
    parameters, errors = model.parameters, errors_of(model)
    age, segment = parameters.age.copy(), parameters.segment.copy()
    macro, loading = parameters.macro.copy(), parameters.loading.copy()
    own = list(errors.edges)
    for edge, move, covariance in zip(edges, learned.moves, learned.covariances, strict=True):
        held = edge_errors(model, edge)
        curve = len(held.today) - errors.segment.shape[1]
        age[edge] += basis_values(held.knots, age.shape[1]) @ move[:curve]
        segment[edge] += errors.segment @ move[curve : len(held.today)]
        macro[edge] += move[len(held.today) : -2]
        if learned.shared is not None:
            age[edge] += loading[edge, latent] * learned.shared[0]
            macro[edge] += loading[edge, latent] * learned.shared[1:-1]
        loading[edge, latent] += move[-2]
        own[edge] = EdgeErrors(held.knots, covariance, held.today)
    shared = list(errors.shared)
    shared[latent] = learned.shared_covariance
    processes = list(model.processes)
    processes[latent] = replace(process, mean=learned.level, variance=learned.variance)
    return replace(
        model,
        parameters=replace(parameters, age=age, segment=segment, macro=macro, loading=loading),
        processes=tuple(processes),
        errors=Errors(errors.segment, tuple(own), tuple(shared)),
    )
