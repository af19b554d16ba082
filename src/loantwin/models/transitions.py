"""Transitions: one additive logit an edge (Begg and Gray), with shared credit and prepayment levels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.linalg import block_diag

from loantwin.arrays import Flags, Floats, Integers
from loantwin.engine.rows import SCORE, SIZE, VINTAGE, base_label
from loantwin.errors import ModelError, expected
from loantwin.models.additive import AdditiveFit, Design, fit_additive
from loantwin.models.counts import Counts, EventCounts, edge_cells, sums
from loantwin.models.latent import (
    LatentProcess,
    Level,
    LevelPrior,
    Told,
    choose_process,
    level_of,
    process_covariance,
    process_points,
)
from loantwin.models.priors.curves import PriorEdge, PriorEdges
from loantwin.models.regression import Prior, independent_prior
from loantwin.models.scored import ScoreBands, score_design
from loantwin.models.settings import FitSettings
from loantwin.models.sizes import band_in
from loantwin.models.spline import AgeBasis, age_basis
from loantwin.models.transfer.carried import Carried
from loantwin.models.uncertainty import EdgeErrors

CREDIT, PREPAYMENT = "credit", "prepayment"
BELIEF_EVENTS = 5.0
"""How many events a belief is worth where knots of an age curve are laid."""
VINTAGES_MEAN = 0.1
"""Deviation of the mean of a book's vintages from that of the books it learns from, log-odds."""
POOLED = "(pooled)"
"""The segment of a loan whose own was never seen: the average of all segments."""


@dataclass(frozen=True)
class Segments:
    """How segments, sizes, scores and vintages share strength.

    G segments by size and score, C groups the counts tell apart, S labels.

    labels : (S,) the segments, the pooled one, where size counts each of them with each band of size, where a
        score counts all of those with each band of it, then "<segment>|vintage <year>" of what is still on
        the book.
    values : (C, Q) columns of the groups: one for each part of a label, each segment's own difference, each
        band of size, the score's log-odds where there is one, each vintage, and two that no group has: what a
        segment, and what a vintage never seen may add. rows : (S, Q) the same by label.
    groups : (G, V) code of each segment and vintage, -1 where there is none. first : first vintage, a year.
    segment : (C,) each group's segment. prior : of the Q effects, all shrunk towards 0.
    known : the segments without size and score. base, band : (G,) the segment and the band of size (-1 none)
        of the counts' segments.
    """

    labels: tuple[str, ...]
    values: Floats
    rows: Floats
    groups: Integers
    first: int
    segment: Integers
    prior: Prior
    known: tuple[str, ...]
    base: Integers
    band: Integers

    def coded(self, cells: EventCounts) -> EventCounts:
        """Return cells by group instead of segment."""
        vintage = np.clip((cells.month - cells.age) // 12 - self.first, 0, self.groups.shape[1] - 1)
        return EventCounts(
            self.groups[cells.segment, vintage], cells.age, cells.month, cells.trials, cells.events
        )


@dataclass(frozen=True)
class EdgeFit:
    """One fitted edge. age : (A,), segment : (S,) by label, macro : (F,), loading : (L,), all log-odds.

    group : (C,) log-odds by group of the counts. believed : (1 + F, 1 + F) as `covariance`, of the prior.
    errors : joint error of all its coefficients, None where
        assumed.
    age_deviation, segment_deviation : posterior standard deviations; macro_deviation likewise.
    covariance : (1 + F, 1 + F) of the level on today's book and the macro effects.
    last : (1 + F,) covariance of those with the latent level at the as-of month (zero where fitted apart).
    events : weighted. trials : weighted loan-months. support : ages with data. expected : of the cells, month
        level included.
    """

    origin: str
    target: str
    age: Floats
    segment: Floats
    macro: Floats
    loading: Floats
    age_deviation: Floats
    segment_deviation: Floats
    macro_deviation: Floats
    covariance: Floats
    last: Floats
    events: float
    trials: float
    support: tuple[int, int]
    assumed: bool
    words: str
    group: Floats
    believed: Floats
    errors: EdgeErrors | None = None


@dataclass(frozen=True)
class LevelFit:
    """A latent level with its history and the macro effects found together with it.

    shared : (1 + F + 1, 1 + F + 1) covariance of what a level of 1 brings to every edge that reads it:
        baseline, macro effects and the level at the as-of month; None where edge and level are one fit and
        the edge carries it. believed : the same of the prior.
    """

    process: LatentProcess
    level: Level
    macro: Floats
    macro_deviation: Floats
    shared: Floats | None = None
    believed: Floats | None = None


def segment_design(
    segments: tuple[str, ...],
    settings: FitSettings,
    counts: Counts | None = None,
    score: ScoreBands | None = None,
) -> Segments:
    """Return columns of segments (labels are parts joined by |), of sizes and vintages where there are any.

    A segment of no stated size, or of no band of `score`, reads the mean of its own loans.
    """
    known = tuple(dict.fromkeys(base_label(label) for label in segments))
    base = np.array([known.index(base_label(label)) for label in segments], dtype=np.int64)
    band = np.array([band_in(label) for label in segments], dtype=np.int64)
    parts = [label.split("|") for label in known]
    columns: list[Floats] = []
    for position in range(max(len(part) for part in parts)):
        values = sorted({part[position] for part in parts if len(part) > position})
        if len(values) > 1:
            columns += [
                np.array([float(len(part) > position and part[position] == value) for part in parts])
                for value in values
            ]
    own = np.eye(len(known))
    main = np.column_stack(columns) if columns else np.zeros((len(known), 0))
    whole = np.concatenate([main, own], axis=1)
    sizes = int(band.max()) + 1
    by_size = np.concatenate([np.eye(sizes), np.zeros((1, sizes))])
    pairs, recent, first, years = _vintages(segments, settings, counts)
    by_year = np.eye(years) if years > 1 else np.zeros((1, 0))
    unseen = np.zeros((len(pairs), 2))
    groups = np.full((len(segments), years), -1, dtype=np.int64)
    groups[pairs[:, 0], pairs[:, 1]] = np.arange(len(pairs))
    at_risk = np.full(len(segments), 1.0 / len(segments)) if counts is None else _at_risk(counts)
    share = sums(base, at_risk, len(known))
    mean_size = np.array([_mean_size(by_size, band, at_risk, base == place) for place in range(len(known))])
    scored = score_design(score, segments, base, at_risk)
    spread, memory = max(settings.vintage_frailty, 1e-6), settings.vintage_memory
    # Trap: a new vintage taken for an average one. What was lent last year is the best guess of what is lent
    # now: it continues the last vintage, with the error of one step.
    carried = np.zeros(by_year.shape[1])
    carried[-1:] = memory
    plain = np.concatenate(
        [whole, mean_size, scored.mean, np.tile(carried, (len(known), 1)),
         np.tile([0.0, 1.0], (len(known), 1))],
        axis=1,
    )  # fmt: skip
    pooled = np.concatenate([share @ whole, share @ mean_size, share @ scored.mean, carried, [1.0, 1.0]])
    group_columns = np.concatenate(
        [whole[base[pairs[:, 0]]], by_size[band[pairs[:, 0]]], scored.values[pairs[:, 0]],
         by_year[pairs[:, 1]], unseen],
        axis=1,
    )  # fmt: skip
    sized = np.repeat(np.concatenate([plain, pooled[None]]), sizes, axis=0)
    sized[:, whole.shape[1] : whole.shape[1] + sizes] = np.tile(np.eye(sizes), (len(known) + 1, 1))
    step = spread * np.sqrt(1.0 - memory**2)
    deviation = np.concatenate(
        [np.full(main.shape[1], settings.segment_main), np.full(len(known), settings.segment_own)]
    )
    rest = np.array([np.hypot(settings.segment_main, settings.segment_own), step])
    precision = block_diag(
        np.diag(deviation**-2.0),
        chained_precision(sizes, settings.size_spread, settings.size_memory),
        scored.precision,
        chained_precision(by_year.shape[1], spread, memory),
        np.diag(rest**-2.0),
    )
    still = recent if by_year.shape[1] else np.zeros(0, dtype=np.int64)
    names = tuple(f"{segments[segment]}{VINTAGE}{first + year}" for segment, year in pairs[still])
    by_segment = (
        *known,
        POOLED,
        *(f"{name}{SIZE}{size + 1}" for name in (*known, POOLED) for size in range(sizes)),
    )
    of_segments = np.concatenate([plain, pooled[None], sized])
    scored_labels, scored_rows = scored.labelled(by_segment, of_segments, whole.shape[1] + sizes)
    return Segments(
        labels=(*by_segment, *scored_labels, *names),
        values=group_columns,
        rows=np.concatenate([of_segments, scored_rows, group_columns[still]]),
        groups=groups,
        first=first,
        segment=base[pairs[:, 0]],
        prior=Prior(np.zeros(len(precision)), precision),
        known=known,
        base=base,
        band=band,
    )


def _mean_size(by_size: Floats, band: Integers, at_risk: Floats, own: Flags) -> Floats:
    """Return the bands' shares (K,) of a segment's loan-months; equal ones where it has none."""
    total = at_risk[own] @ by_size[band[own]]
    if total.sum() > 0:
        return np.asarray(total / total.sum())
    return np.full(by_size.shape[1], 1.0 / max(by_size.shape[1], 1))


def chained_precision(years: int, deviation: float, memory: float) -> Floats:
    """Return the precision (Y, Y) of yearly effects with cov(i, j) = deviation^2 memory^|i - j|: an AR(1).

    Shrunk one by one to zero, a vintage's effect would be read as the level of the day. Bands of size are
    chained alike: neighbours are the best guess of each other.
    """
    if not years:
        return np.zeros((0, 0))
    inner = np.full(years, 1.0 + memory**2)
    inner[[0, -1]] = 1.0
    made = np.diag(inner) - memory * (np.eye(years, k=1) + np.eye(years, k=-1))
    made = made / (1.0 - memory**2) if years > 1 else np.eye(1)
    return np.asarray(made / deviation**2)


def _vintages(
    segments: tuple[str, ...], settings: FitSettings, counts: Counts | None
) -> tuple[Integers, Integers, int, int]:
    """Return the counts' pairs (C, 2) of segment and vintage, which lent lately, first year and years."""
    if counts is None or settings.vintage_frailty <= 0 or not counts.cells.height:
        pairs = np.column_stack([np.arange(len(segments)), np.zeros(len(segments), dtype=np.int64)])
        return pairs, np.zeros(0, dtype=np.int64), 0, 1
    segment, month, age = (
        counts.cells[name].to_numpy().astype(np.int64) for name in ("segment", "month", "age")
    )
    vintage = (month - age) // 12
    first = int(vintage.min())
    years = int(vintage.max()) - first + 1
    code = segment * years + vintage - first
    found = np.unique(code)
    recent = np.flatnonzero(np.isin(found, np.unique(code[month > counts.last - 12])))
    return np.column_stack([found // years, found % years]), recent, first, years


def _at_risk(counts: Counts) -> Floats:
    """Return each segment's share of the loan-months, (G,)."""
    seen = counts.cells if counts.cells.height else counts.recent
    total = sums(
        seen["segment"].to_numpy().astype(np.int64), seen["at_risk"].to_numpy(), len(counts.segments)
    )
    return np.asarray(total / total.sum()) if total.sum() > 0 else np.full(len(total), 1.0 / len(total))


def age_curve(
    context: Context, cells: EventCounts, ends: tuple[str, str], baseline: float
) -> tuple[AgeBasis, Prior, Floats | None]:
    """Return an edge's basis by age, the prior of its coefficients, and what is believed beforehand (A,).

    Without a belief the curve is smooth and tied to the baseline log-odds only loosely. With one it is what
    the lender's own loans add to the belief: about 0, as far from it as the belief's spread.
    """
    settings, belief = context.settings, context.belief(*ends)
    where = knot_weight(cells, settings.ages)
    told = None if context.carried is None else context.carried.edge(*ends)
    if told is not None and context.carried is not None:
        basis = age_basis(settings.ages, where + _believed_where(told.log_odds), settings.knots)
        return basis, told.age_prior(basis, context.carried.stated), told.log_odds
    if belief is None:
        spread, bend, slope = settings.baseline_spread, settings.age_bend, settings.age_slope
    else:
        baseline, spread = 0.0, belief.spread
        bend, slope = settings.believed_bend, settings.believed_slope
        where = where + _believed_where(belief.log_odds)
    basis = age_basis(settings.ages, where, settings.knots)
    size = basis.values.shape[1]
    level = np.ones((size, size)) / (size * spread) ** 2
    precision = basis.bend / bend**2 + basis.slope / slope**2 + level
    return basis, Prior(np.full(size, baseline), precision), None if belief is None else belief.log_odds


def _believed_where(log_odds: Floats) -> Floats:
    """Return where a curve that is believed beforehand (A,) has its events, as many as a belief is worth."""
    expected = np.exp(log_odds)
    return np.asarray(BELIEF_EVENTS * expected / expected.sum())


def segment_prior(context: Context, ends: tuple[str, str]) -> Prior:
    """Return the prior of an edge's effects of segments and vintages (Q,).

    Vintages that other books have start from theirs; later ones continue the last, earlier ones the first.
    """
    told = None if context.carried is None else context.carried.edge(*ends)
    plain, years = context.segments.prior, context.segments.groups.shape[1]
    if context.carried is None or told is None or not told.vintages or years < 2:
        return plain
    mean, precision = plain.mean.copy(), plain.precision.copy()
    place = slice(len(mean) - 2 - years, len(mean) - 2)
    known = np.array(sorted(told.vintages))
    year = context.segments.first + np.arange(years)
    at = np.clip(year, known[0], known[-1])
    near = np.array([told.vintages[int(known[np.abs(known - one).argmin()])] for one in at])
    mean[place] = near * context.settings.vintage_memory ** np.abs(year - at)
    # what all vintages of a book have in common is its level, of which the age curve's prior already tells
    common = np.ones((years, years)) / (years * VINTAGES_MEAN) ** 2
    precision[place, place] = precision[place, place] / context.carried.own_vintage + common
    return Prior(mean, precision)


def macro_prior(settings: FitSettings, names: tuple[str, ...], kind: str) -> Prior:
    """Return the prior of the macro effects of the named covariates on credit or prepayment edges.

    Raises ModelError where the settings hold no belief about a covariate, its lag included.
    """
    by_name = {effect.name: effect for effect in settings.effects}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise ModelError(expected("a covariate of " + ", ".join(by_name), unknown[0]), field="effects")
    beliefs = [(by_name[name].credit if kind == CREDIT else by_name[name].prepayment) for name in names]
    return independent_prior(
        np.array([mean for mean, _ in beliefs]), np.array([spread for _, spread in beliefs])
    )


def edge_macro_prior(context: Context, ends: tuple[str, str], kind: str) -> Prior:
    """Return the prior of an edge's own macro effects (F,): other books', or that of the settings."""
    told = None if context.carried is None else context.carried.edge(*ends)
    if told is None:
        return macro_prior(context.settings, context.names, kind)
    return independent_prior(told.macro, told.macro_deviation)


@dataclass(frozen=True)
class Context:
    """What every edge of a fit shares. month : (T, F) covariates from month `counts.first` on.

    beliefs : what a product's prior model says of the edges, None where the fit starts without one.
    carried : what other books say of edges and levels, None where the fit learns alone.
    """

    counts: Counts
    month: Floats
    names: tuple[str, ...]
    segments: Segments
    settings: FitSettings
    latents: tuple[str, ...]
    beliefs: PriorEdges | None = None
    carried: Carried | None = None

    def belief(self, origin: str, target: str) -> PriorEdge | None:
        """Return what is believed of an edge beforehand, None where nothing is."""
        return None if self.beliefs is None else self.beliefs.edges.get((origin, target))

    @property
    def believed(self) -> tuple[tuple[str, str], ...]:
        """Return the edges of which something is believed beforehand, by (origin, target)."""
        told = () if self.carried is None else self.carried.edges
        return (*(() if self.beliefs is None else self.beliefs.edges), *told)

    def level_prior(self, kind: str, usual: LevelPrior) -> LevelPrior:
        """Return the prior of a period effect's process: other books' where they have it, else as usual."""
        found = None if self.carried is None else self.carried.levels.get(kind)
        return usual if found is None else found.prior(usual)

    def told(self, kind: str) -> Told | None:
        """Return what other books say of a period effect's months, (T,) each; None where they do not."""
        found = None if self.carried is None else self.carried.levels.get(kind)
        return None if found is None else found.told(self.counts.first, len(self.month))


def edge_counts(context: Context, origin: str, target: str) -> EventCounts:
    """Return one edge's cells by group (segment and vintage), ages on the grid."""
    return on_grid(context.segments.coded(edge_cells(context.counts, origin, target)), context.settings.ages)


def fit_level_edge(
    context: Context, origin: str, target: str, kind: str, prior: LevelPrior
) -> tuple[EdgeFit, LevelFit]:
    """Return an edge fitted in one piece with its own latent level: the way of outcome tables.

    Age, segment, macro and the level of each month are one posterior; persistence and size of the level are
    chosen by its marginal likelihood on the counts collapsed over segments.
    """
    settings, counts = context.settings, context.counts
    cells = edge_counts(context, origin, target)
    scaled = rescaled(cells, counts.effective)
    rate = (cells.events.sum() + 0.5) / (cells.trials.sum() + 1.0)
    basis, curve, offset = age_curve(context, cells, (origin, target), float(np.log(rate)))
    design = Design(
        basis.values, context.segments.values, context.month, counts.first, curve,
        segment_prior(context, (origin, target)), edge_macro_prior(context, (origin, target), kind), offset,
    )  # fmt: skip
    months_ = len(context.month)
    prior, told = context.level_prior(kind, prior), context.told(kind)
    mean = None if told is None else told.mean
    phi, deviation, noise = 0.5 ** (1.0 / prior.half_life), prior.deviation, prior.noise
    fit = fit_additive(
        scaled, design, process_covariance(months_, phi, deviation, noise, told), level_mean=mean
    )
    series, plain = _collapsed(scaled, design, fit), _one_segment(design)
    phi, deviation, noise = choose_process(series, plain, prior, budget=settings.search, told=told)
    points = process_points(series, plain, prior, (phi, deviation, noise), told=told)
    fit = fit_additive(
        scaled,
        design,
        process_covariance(months_, phi, deviation, noise, told),
        start=fit.coefficients,
        level_mean=mean,
    )
    level, last = level_of(fit, phi, deviation, noise, counts.first, told)
    sigma = deviation * float(np.sqrt(1.0 - phi**2))
    process = LatentProcess(
        kind, phi, sigma, noise, float(level.smoothed[-1]), float(level.smoothed_variance[-1]), months_,
        points, settings.tails,
    )  # fmt: skip
    loading = np.array([float(name == kind) for name in context.latents])
    edge = edge_of(context, fit, design, basis, cells, (origin, target), loading, fit.covariance_of, last)
    place = fit.place("month")
    return edge, LevelFit(process, level, fit.coefficients[place], edge.macro_deviation)


def assumed_edge(context: Context, origin: str, target: str, probability: Floats, words: str) -> EdgeFit:
    """Return an edge that is not fitted: a monthly probability by age, (A,) or shorter (the last holds)."""
    ages, size = context.settings.ages, len(context.names)
    held = np.concatenate([probability, np.full(max(0, ages - len(probability)), probability[-1])])[:ages]
    segments = len(context.segments.labels)
    none = np.zeros(size)
    return EdgeFit(
        origin, target, np.log(held / (1.0 - held)), np.zeros(segments), none, np.zeros(len(context.latents)),
        np.zeros(ages), np.zeros(segments), none, np.zeros((1 + size, 1 + size)), np.zeros(1 + size),
        0.0, 0.0, (0, ages - 1), True, words, np.zeros(len(context.segments.values)),
        np.zeros((1 + size, 1 + size)),
    )  # fmt: skip


def edge_of(
    context: Context, fit: AdditiveFit, design: Design, basis: AgeBasis, cells: EventCounts, ends: tuple[str,
        str], loading: Floats,
    covariance_of: Callable[[Floats], Floats], last: Floats | None = None,
) -> EdgeFit:  # fmt: skip
    """Return a fit's parts that the model keeps; `covariance_of`: the covariance of directions (D, n)."""
    size, columns = len(context.names), len(fit.coefficients)
    age, rows = design.by_age(fit.part("age")), context.segments.rows
    segment, group = rows @ fit.part("segment"), design.segment @ fit.part("segment")
    known, A, S, own = len(context.segments.known), len(age), len(segment), fit.place("segment").stop
    wanted = own + size + 2
    directions = np.zeros((A + S + 1 + wanted, columns))
    directions[:A, fit.place("age")] = design.age
    directions[A : A + S, fit.place("segment")] = rows
    today = _book_direction(context, fit, design, ends[0])
    directions[A + S] = today
    # the coefficients themselves: age, segment, macro, then the loading (panels) and the level at the as-of
    # month (outcomes)
    at = A + S + 1
    directions[at : at + own, :own] = np.eye(own)
    directions[at + own : at + own + fit.sizes[2], fit.place("month")] = np.eye(fit.sizes[2])
    if last is not None:
        directions[-1, fit.place("level")] = last
    covariance = covariance_of(directions)
    deviation = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    share = sums(context.segments.segment[cells.segment], cells.trials, known)
    pooled = float(np.log(np.average(np.exp(segment[:known]), weights=share + 1e-12)))
    parts = (POOLED + SIZE, POOLED + SCORE)
    sizes = [place for place, label in enumerate(context.segments.labels) if label.startswith(parts)]
    segment[sizes] += pooled - segment[known]
    segment[known] = pooled
    kept = np.array([A + S, *range(at + own, at + own + size)])
    errors = EdgeErrors(basis.knots, covariance[at:, at:], today[:own])
    return EdgeFit(
        *ends, age, segment, fit.part("month")[:size], loading,
        deviation[:A], deviation[A : A + S], deviation[at + own : at + own + size],
        covariance[np.ix_(kept, kept)], covariance[kept, -1],
        float(cells.events.sum()), float(cells.trials.sum()), basis.support, False, "", group,
        _believed(design, today[:own], size), errors,
    )  # fmt: skip


def _believed(design: Design, today: Floats, size: int) -> Floats:
    """Return the prior covariance (1 + F, 1 + F) of an edge's level on today's book and its macro effects."""
    made = np.zeros((1 + size, 1 + size))
    start = 0
    for prior in (design.age_prior, design.segment_prior):
        own = today[start : start + len(prior.mean)]
        start += len(prior.mean)
        if own.any():
            made[0, 0] += float(own @ np.linalg.solve(prior.precision, own))
    made[1:, 1:] = np.linalg.inv(design.month_prior.precision)[:size, :size]
    return made


def _book_direction(context: Context, fit: AdditiveFit, design: Design, origin: str) -> Floats:
    """Return weights (n,) that give mean log-odds on the last months' book, by expected events."""
    counts = context.counts
    code = counts.states.index(origin)
    recent = counts.recent.filter(pl.col("from_state") == code)
    direction = np.zeros(len(fit.coefficients))
    if not recent.height:
        return direction
    age = np.minimum(recent["age"].to_numpy().astype(np.int64) + 6, len(design.age) - 1)
    now = recent["month"].to_numpy().astype(np.int64) - recent["age"].to_numpy().astype(np.int64)
    vintage = np.clip(now // 12 - context.segments.first, 0, context.segments.groups.shape[1] - 1)
    segment = context.segments.groups[recent["segment"].to_numpy().astype(np.int64), vintage]
    eta = design.by_age(fit.part("age"))[age] + (design.segment @ fit.part("segment"))[segment]
    weight = recent["at_risk"].to_numpy() * np.exp(eta)
    weight = weight / weight.sum()
    direction[fit.place("age")] = weight @ design.age[age]
    direction[fit.place("segment")] = weight @ design.segment[segment]
    return direction


def on_grid(cells: EventCounts, ages: int) -> EventCounts:
    """Return the cells with ages beyond the grid counted at its last age, as the engine reads them."""
    return EventCounts(
        cells.segment, np.minimum(cells.age, ages - 1), cells.month, cells.trials, cells.events
    )


def rescaled(cells: EventCounts, factor: float) -> EventCounts:
    """Return the cells in effective numbers, so that weights do not pretend to be information."""
    return EventCounts(cells.segment, cells.age, cells.month, cells.trials * factor, cells.events * factor)


def knot_weight(cells: EventCounts, ages: int) -> Floats:
    """Return where an age curve needs its knots: at the events, at the loans where there are none.

    Anywhere, where there are no loans either.
    """
    events = sums(cells.age, cells.events, ages)
    trials = sums(cells.age, cells.trials, ages)
    if not trials.sum() > 0:
        return np.ones(ages)
    return np.asarray(events if events.sum() >= 5 else trials)


def _collapsed(cells: EventCounts, design: Design, fit: AdditiveFit) -> EventCounts:
    """Return the counts added up over segments; exact for a Poisson model given the segments' effects."""
    effect = np.exp(design.segment @ fit.part("segment"))
    ages, size = len(design.age), len(design.month)
    flat = cells.age * size + (cells.month - design.first)
    trials = sums(flat, cells.trials * effect[cells.segment], ages * size)
    events = sums(flat, cells.events, ages * size)
    hit = np.flatnonzero(trials > 0)
    return EventCounts(
        np.zeros(len(hit), dtype=np.int64), hit // size, hit % size + design.first, trials[hit], events[hit]
    )


def _one_segment(design: Design) -> Design:
    none = Prior(np.zeros(0), np.zeros((0, 0)))
    return Design(
        design.age, np.zeros((1, 0)), design.month, design.first, design.age_prior, none, design.month_prior,
        design.offset,
    )  # fmt: skip
