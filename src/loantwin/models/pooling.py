"""Panels, many edges at once: one credit level where loans worsen, one prepayment level, then edge by edge.

First all worsening edges are fitted in one piece with their own age curves and segments, but one set of macro
effects and one latent level. Then each edge is fitted again with that level as a covariate: its macro effects
are shrunk to the common ones and its loading to 1 (to 0 for edges that improve), so that edges with few
events borrow from the others.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy.linalg import block_diag, cho_factor, cho_solve
from scipy.special import expit

from loantwin.arrays import Floats
from loantwin.engine.rows import published_state, published_states
from loantwin.models.additive import AdditiveFit, Design, fit_additive
from loantwin.models.counts import Counts, EventCounts, edge_cells, sums
from loantwin.models.latent import (
    LatentProcess,
    LevelPrior,
    choose_process,
    level_design,
    level_of,
    process_covariance,
    process_points,
)
from loantwin.models.memory import CERTAIN
from loantwin.models.regression import Prior, independent_prior
from loantwin.models.spline import AgeBasis
from loantwin.models.transitions import (
    CREDIT,
    PREPAYMENT,
    Context,
    EdgeFit,
    LevelFit,
    age_curve,
    assumed_edge,
    edge_counts,
    edge_of,
    macro_prior,
    rescaled,
    segment_prior,
)

Ends = tuple[str, str]

BELIEF = {"worse": -4.0, "roll": 0.0, "better": -0.5, "prepaid": -4.5}
"""Prior log-odds of an edge without events: leaving current, rolling on, getting better, prepaying."""


@dataclass(frozen=True)
class _Edge:
    ends: Ends
    cells: EventCounts
    basis: AgeBasis
    design: Design


def panel_edges(counts: Counts, believed: Collection[Ends] = ()) -> dict[str, list[Ends]]:
    """Return the edges to fit, by kind: those with events, and in any case each live state's next-worse.

    Edges that are `believed` beforehand are fitted whether history shows them or not. A state of arrears that
    no loan was seen to leave can be left for better and for worse, as the prior has it: else loans that come
    there would stay for good.
    """
    live = counts.states[: counts.live]
    chain = (*published_states(live), "default")
    order = {name: place for place, name in enumerate(chain)}
    shut = never_left(counts)
    found: dict[str, list[Ends]] = {CREDIT: [], "cure": [], PREPAYMENT: []}
    for origin in live:
        place = order[published_state(origin)]
        worse = chain[place + 1]
        if counts.memory is not None and worse != "default":
            worse = counts.memory.after(origin, worse)
        better = live[0] if counts.memory is None else counts.memory.after(origin, chain[0])
        for target in counts.states:
            cells = edge_cells(counts, origin, target)
            needed = target == worse or (place == 0 and target == "prepaid")
            shown = len(cells.trials) > 0 and (cells.events.sum() > 0 or needed)
            unseen = origin in shut and target in (worse, better)
            if origin == target or not (shown or unseen or (origin, target) in believed):
                continue
            later = order.get(published_state(target), 0) > place
            kind = PREPAYMENT if target == "prepaid" else CREDIT if later else "cure"
            found[kind].append((origin, target))
    return found


def never_left(counts: Counts) -> tuple[str, ...]:
    """Return the states of arrears that no loan was seen to leave, of a history that shows moves."""
    if counts.standing is not None:
        return ()
    first = published_state(counts.states[0])
    moved = [name for name in counts.cells.columns if name.startswith("moved_")]
    left = sums(
        counts.cells["from_state"].to_numpy().astype(np.int64),
        counts.cells.select(pl.sum_horizontal(moved)).to_series().to_numpy(),
        len(counts.states),
    )
    return tuple(
        state
        for state, number in zip(counts.states[: counts.live], left, strict=False)
        if number <= 0.0 and published_state(state) != first
    )


def certain_edges(context: Context) -> list[EdgeFit]:
    """Return the moves that are certain where the published state stays; others are told against them."""
    memory = context.counts.memory
    chance = np.array([expit(CERTAIN)])
    return [
        assumed_edge(context, origin, later, chance, "certain where the published state stays")
        for origin, later in (memory.certain if memory is not None else {}).items()
    ]


def fit_panel_edges(context: Context) -> tuple[list[EdgeFit], dict[str, LevelFit]]:
    """Return every edge of a panel's model and the latent levels by name."""
    kinds = panel_edges(context.counts, context.believed)
    settings = context.settings
    levels: dict[str, tuple[LevelFit, Floats]] = {}
    for kind, prior in ((CREDIT, settings.credit_level), (PREPAYMENT, settings.prepayment_level)):
        if kinds[kind]:
            levels[kind] = _common_level(
                context, kind, [_edge_design(context, ends, kind) for ends in kinds[kind]], prior
            )
    fitted = []
    for kind in (CREDIT, "cure", PREPAYMENT):
        latent = PREPAYMENT if kind == PREPAYMENT else CREDIT
        for ends in kinds[kind]:
            fitted.append(_own_fit(context, ends, kind, latent, *levels[latent]))
    fitted += certain_edges(context)
    return fitted, {name: fit for name, (fit, _) in levels.items()}


def _edge_design(context: Context, ends: Ends, kind: str) -> _Edge:
    counts = context.counts
    cells = edge_counts(context, *ends)
    place = (
        "prepaid"
        if kind == PREPAYMENT
        else "better"
        if kind == "cure"
        else "worse"
        if published_state(ends[0]) == "current"
        else "roll"
    )
    events, trials = cells.events.sum() * counts.effective, cells.trials.sum() * counts.effective
    belief = float(1.0 / (1.0 + np.exp(-BELIEF[place])))
    rate = (events + 2.0 * belief) / (trials + 2.0)
    basis, prior, offset = age_curve(context, cells, ends, float(np.log(rate / (1.0 - rate))))
    month = _common_macro(context, kind)
    design = Design(
        basis.values,
        context.segments.values,
        context.month,
        counts.first,
        prior,
        segment_prior(context, ends),
        month,
        offset,
    )
    return _Edge(ends, rescaled(cells, counts.effective), basis, design)


def _common_macro(context: Context, kind: str) -> Prior:
    """Return the prior of the macro effects (F,) common to the edges of a kind."""
    name = PREPAYMENT if kind == PREPAYMENT else CREDIT
    told = None if context.carried is None else context.carried.levels.get(name)
    if told is None:
        return macro_prior(context.settings, context.names, name)
    return independent_prior(told.macro, told.macro_deviation)


def _common_level(
    context: Context, kind: str, edges: list[_Edge], prior: LevelPrior
) -> tuple[LevelFit, Floats]:
    """Return the level shared by some edges, and its mode by month, (T,).

    Where other books tell of it, each edge is first given its own reaction to what they say, and what is
    fitted in common is by how much this book's macro effects and level depart from theirs.
    """
    cells, design = _stacked(edges, context)
    size, start = len(context.month), _common_macro(context, kind).mean
    prior, told = context.level_prior(kind, prior), context.told(kind)
    known = np.zeros(size) if told is None else told.mean
    if told is not None:
        design = replace(
            design,
            known=_told_by_cell(context, edges, start, known),
            month_prior=replace(design.month_prior, mean=np.zeros(len(start))),
        )
        told = replace(told, mean=np.zeros(size))
    phi, deviation, noise = 0.5 ** (1.0 / prior.half_life), prior.deviation, prior.noise
    fit = fit_additive(cells, design, process_covariance(size, phi, deviation, noise, told))
    series, plain = _series(cells, design, fit)
    phi, deviation, noise = choose_process(series, plain, prior, budget=context.settings.search, told=told)
    points = process_points(series, plain, prior, (phi, deviation, noise), told=told)
    fit = fit_additive(
        cells,
        design,
        process_covariance(size, phi, deviation, noise, told),
        start=fit.coefficients,
    )
    level, last = level_of(fit, phi, deviation, noise, design.first, told)
    level = replace(level, smoothed=level.smoothed + known, filtered=level.filtered + known)
    shared = _shared_covariance(context, fit, edges[0], last)
    process = LatentProcess(
        kind, phi, deviation * float(np.sqrt(1.0 - phi**2)), noise,
        float(level.smoothed[-1]), float(level.smoothed_variance[-1]), size, points,
        context.settings.tails,
    )  # fmt: skip
    spread = np.sqrt(np.maximum(np.diag(shared), 0.0))
    macro = fit.part("month") if told is None else fit.part("month") + start
    believed = np.zeros_like(shared)
    believed[1:-1, 1:-1] = np.linalg.inv(_common_macro(context, kind).precision)
    believed[-1, -1] = process.long_run_variance
    return LevelFit(process, level, macro, spread[1:-1], shared, believed), fit.part("level") + known


def _told_by_cell(context: Context, edges: list[_Edge], macro: Floats, level: Floats) -> Floats:
    """Return the log-odds that other books' macro effects and period effect give each cell, (C,)."""
    parts = []
    for edge in edges:
        told = None if context.carried is None else context.carried.edge(*edge.ends)
        effect, loading = (macro, 1.0) if told is None else (told.macro, told.loading)
        by_month = context.month @ effect + loading * level
        parts.append(by_month[edge.cells.month - context.counts.first])
    return np.concatenate(parts)


def _shared_covariance(context: Context, fit: AdditiveFit, edge: _Edge, last: Floats) -> Floats:
    """Return the covariance of baseline, macro effects and last level that all edges of a common level share.

    Level, macro and baseline can stand in for each other; what one edge's own counts add to its baseline's
    error is taken off, because each edge's own fit has it.
    """
    size = len(context.names)
    direction = np.zeros((size + 2, len(fit.coefficients)))
    if len(edge.cells.trials):
        age = np.minimum(np.average(edge.cells.age, weights=edge.cells.trials), len(edge.design.age) - 1)
        direction[0, : edge.design.age.shape[1]] = edge.design.age[int(age)]
    direction[1:-1, fit.place("month")] = np.eye(size)
    direction[-1, fit.place("level")] = last
    shared = fit.covariance_of(direction)
    own = fit.place("segment").stop
    alone = cho_solve(cho_factor(fit.hessian[:own, :own]), direction[0, :own])
    shared[0, 0] -= float(direction[0, :own] @ alone)
    return shared


def _stacked(edges: list[_Edge], context: Context) -> tuple[EventCounts, Design]:
    """Return all edges as one problem: each has its own block of ages and segments, months are common."""
    ages, segments = context.settings.ages, len(context.segments.values)
    cells = EventCounts(
        np.concatenate([edge.cells.segment + place * segments for place, edge in enumerate(edges)]),
        np.concatenate([edge.cells.age + place * ages for place, edge in enumerate(edges)]),
        np.concatenate([edge.cells.month for edge in edges]),
        np.concatenate([edge.cells.trials for edge in edges]),
        np.concatenate([edge.cells.events for edge in edges]),
    )
    designs = [edge.design for edge in edges]
    return cells, Design(
        block_diag(*(one.age for one in designs)),
        block_diag(*(one.segment for one in designs)),
        context.month,
        context.counts.first,
        Prior(
            np.concatenate([one.age_prior.mean for one in designs]),
            block_diag(*(one.age_prior.precision for one in designs)),
        ),
        Prior(
            np.concatenate([one.segment_prior.mean for one in designs]),
            block_diag(*(one.segment_prior.precision for one in designs)),
        ),
        designs[0].month_prior,
        np.concatenate([np.zeros(ages) if one.offset is None else one.offset for one in designs]),
    )


def _series(cells: EventCounts, design: Design, fit: AdditiveFit) -> tuple[EventCounts, Design]:
    """Return one Poisson count a month whose slope and curvature in the level equal those of all cells."""
    size, month = len(design.month), cells.month - design.first
    by_month = design.month @ fit.part("month") + fit.part("level")
    eta = (
        design.by_age(fit.part("age"))[cells.age]
        + (design.segment @ fit.part("segment"))[cells.segment]
        + by_month[month]
    )
    chance = expit(eta if design.known is None else eta + design.known)
    weight = sums(month, cells.trials * chance * (1.0 - chance), size)
    score = sums(month, cells.events - cells.trials * chance, size)
    there = np.flatnonzero(weight > 0)
    zero = np.zeros(len(there), dtype=np.int64)
    # at the mode the score is the prior's pull and smaller than the curvature; a count cannot be negative
    events = np.maximum(weight + score, 0.0)[there]
    series = EventCounts(zero, zero, there + design.first, (weight * np.exp(-by_month))[there], events)
    return series, level_design(design.first, design.month, design.month_prior, 0.0, 0.5)


def _own_fit(context: Context, ends: Ends, kind: str, latent: str, common: LevelFit, mode: Floats) -> EdgeFit:
    """Return an edge fitted by itself, given the common level's history."""
    settings = context.settings
    edge = _edge_design(context, ends, kind)
    size = len(context.names)
    pull, loading = (np.zeros(size), 0.0) if kind == "cure" else (common.macro, 1.0)
    spread = np.append(np.full(size, settings.edge_macro), settings.edge_loading)
    told = None if context.carried is None else context.carried.edge(*ends)
    if told is not None:
        # what the new book's common effects are beyond the sources', its edges that worsen are
        beyond = np.zeros(size) if kind == "cure" else common.macro - _common_macro(context, kind).mean
        pull, loading = told.macro + beyond, told.loading
        spread = np.append(told.macro_deviation, min(told.loading_deviation, settings.edge_loading))
    prior = independent_prior(np.append(pull, loading), spread)
    month = np.column_stack([context.month, mode])
    design = Design(edge.design.age, edge.design.segment, month, edge.design.first, edge.design.age_prior,
                    edge.design.segment_prior, prior, edge.design.offset)  # fmt: skip
    fit = fit_additive(edge.cells, design, None)
    loadings = np.array([float(fit.part("month")[-1]) if name == latent else 0.0 for name in context.latents])
    clustered = _clustered_covariance(fit, design, edge.cells)
    cells = rescaled(edge.cells, 1.0 / context.counts.effective)
    made = edge_of(context, fit, design, edge.basis, cells, ends, loadings, lambda at: at @ clustered @ at.T)
    shared = common.macro_deviation * loadings.sum()
    return replace(made, macro_deviation=np.sqrt(made.macro_deviation**2 + shared**2))


def _clustered_covariance(fit: AdditiveFit, design: Design, cells: EventCounts) -> Floats:
    """Return the covariance of all coefficients, clustered by calendar month, with the prior kept.

    H^-1 (M + P) H^-1: H the curvature with the prior, M the squared monthly scores, P the prior's precision.
    Without data it is the prior's own covariance; with much data the usual sandwich.
    """
    month = cells.month - design.first
    by_month = design.month @ fit.part("month")
    eta = (
        design.by_age(fit.part("age"))[cells.age]
        + (design.segment @ fit.part("segment"))[cells.segment]
        + by_month[month]
    )
    residual = cells.events - cells.trials * expit(eta)
    T, A, G = len(design.month), len(design.age), len(design.segment)
    by_age = sums(month * A + cells.age, residual, T * A).reshape(T, A)
    by_segment = sums(month * G + cells.segment, residual, T * G).reshape(T, G)
    scores = np.concatenate(
        [by_age @ design.age, by_segment @ design.segment, by_segment.sum(axis=1)[:, None] * design.month],
        axis=1,
    )
    seen = np.unique(month).size
    factor = seen / max(seen - 1.0, 1.0)
    prior = block_diag(
        design.age_prior.precision, design.segment_prior.precision, design.month_prior.precision
    )
    bread = cho_solve(cho_factor(fit.hessian), np.eye(len(fit.hessian)))
    return np.asarray(bread @ (factor * scores.T @ scores + prior) @ bread)
