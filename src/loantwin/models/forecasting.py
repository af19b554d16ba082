"""From a model to the month multipliers the engine reads: expected, and drawn with every uncertainty.

For edge r in month t the multiplier is exp(d_r + x_t . (beta_r + b_r) + (loading_r + l_r) v_t): d, b and l
are errors of estimation, v the latent levels, which start from an uncertain level and take new innovations
every month, whose size and persistence are uncertain too. Given those all of it is Gaussian on the scale of
log-odds, so the expected multiplier is exp(mode + half the variance). Half the variance of today's log-odds
is taken off throughout: counts estimate today's rate without bias, not its logarithm; what is added is only
the variance by which the future may move away from today.

Beyond what its history showed a model's macro effects act by a share of themselves (`saturation`): covariates
times that share stand for x_t, edge by edge, in mode, errors and variances alike.

A model that was re-levelled (`relevel`) has its factors on every multiplier, drawn or expected.

Draws have this expected multiplier as their mean, whatever part of the book they are for: what differs
between parts, and what is not known of loadings and of the process itself, widens the draws and does not move
them.
"""

from __future__ import annotations

import numpy as np

from loantwin.arrays import Floats
from loantwin.engine.rows import TransitionParameters, shocks
from loantwin.errors import ModelError, expected
from loantwin.models.fitted import FittedModel
from loantwin.models.latent import expected_level, path_scales, point_moments, points_of, simulate_level
from loantwin.models.relevel import log_factors
from loantwin.models.saturation import saturated
from loantwin.models.uncertainty import Directions, EdgeErrors, as_today, compressed, quadratic, root
from loantwin.streams import Stream, generator


def mean_shocks(model: FittedModel, covariates: Floats) -> Floats:
    """Return edges' expected odds multipliers, (T, R) or (K, T, R), given covariates (T, F) or (K, T, F).

    The latent levels decay from where they stand at the as-of month; see the module for the half variances.

    Raises
    ------
    ModelError : covariates of another number of factors, NaN or infinity.
    """
    _check(model, covariates)
    T, L = covariates.shape[-2], len(model.processes)
    mean, fresh = np.zeros((T, L)), np.zeros((T, L))
    fade = np.ones((T, L))
    for place, process in enumerate(model.processes):
        mean[:, place], whole = expected_level(process, T)
        fade[:, place] = process.phi ** np.arange(1, T + 1)
        fresh[:, place] = whole - fade[:, place] ** 2 * process.variance
    share = macro_share(model, covariates)
    plain = month_shocks(
        model.parameters, covariates, np.broadcast_to(mean, (*covariates.shape[:-1], L)), share
    )
    loading = model.parameters.loading
    # Trap: half the variance. The mean multiplier lies above the multiplier of the mean; but counts estimate
    # today's rate itself, so that only what the future adds to today's variance lifts it.
    spread = _variance(model, covariates, fade, share) + fresh @ (loading**2).T - variance_today(model)
    return np.asarray(plain * np.exp(0.5 * spread + log_factors(model.relevel, model.parameters, T)))


def draw_shocks(
    model: FittedModel,
    covariates: Floats,
    seed: int,
    *,
    paths: int | None = None,
    parameters: bool = True,
    latent: bool = True,
    exposure: Directions | None = None,
    first: int = 0,
) -> Floats:
    """Return drawn multipliers of the edges' odds, (P, T, R).

    Parameters
    ----------
    covariates : (P, T, F) macro covariates of each path, or (T, F) for all `paths`.
    seed : of the draws; the same seed gives the same levels and the same errors of the coefficients for every
        exposure.
    parameters : draw the errors of estimation, the latent level at the as-of month among them; without, their
        contribution to the mean is kept.
    latent : draw the innovations of the latent levels; without, their contribution to the mean is kept.
    exposure : part of the book the shocks are for, from `uncertainty.exposure_of`; None is the book of the
        as-of date.
    first : number of the first path, where paths are drawn in blocks; blocks that begin at different paths
        are independent.

    Raises
    ------
    ModelError : covariates or an exposure that do not fit, a model without errors of estimation.
    """
    _check(model, covariates)
    share = macro_share(model, covariates)
    if covariates.ndim == 2:
        if paths is None:
            raise ModelError(expected("a number of paths with one macro path", "none"), field="paths")
        covariates = np.broadcast_to(covariates, (paths, *covariates.shape))
        share = None if share is None else np.broadcast_to(share, (paths, *share.shape))
    P, T = covariates.shape[:2]
    if model.errors is None:
        raise ModelError(expected("a model with its errors of estimation", "none"), field="errors")
    where = as_today(model.errors, T) if exposure is None else exposure
    if any(one is not None and one.shape[0] != T for one in where):
        raise ModelError(expected(f"an exposure of {T} months", "another"), field="exposure")
    R, L = len(model.parameters.origin), len(model.processes)
    level, fade, gap = np.zeros((P, T, L)), np.ones((P, T, L)), np.zeros((P, T, L))
    exponent = np.zeros((P, T, R))
    common, own = (
        (_common(model, seed, first, P), _own(model, seed, first, P)) if parameters else (_none(L), _none(R))
    )
    for place, process in enumerate(model.processes):
        scale = path_scales(process, P if latent else 0, generator(seed, Stream.TAILS, first, place))
        scale = scale if latent else np.ones(P)
        start = process.mean + scale * (_start(model, place, common[place], own, P) - process.mean)
        level[:, :, place], fade[:, :, place], gap[:, :, place] = _level(
            model, place, start, T, seed, first, scale, latent
        )
    exponent -= 0.5 * variance_today(model)
    exponent += log_factors(model.relevel, model.parameters, T)
    loading = model.parameters.loading
    for edge in range(R):
        exponent[:, :, edge] -= 0.5 * gap @ loading[edge] ** 2
        for place, process in enumerate(model.processes):
            if loading[edge, place] and latent:
                exponent[:, :, edge] -= _drift(process.mean * loading[edge, place], model, place, T)
        if parameters:
            exponent[:, :, edge] += _errors(
                model, edge, where[edge], own[edge], common, _acting(covariates, share, edge), level, fade
            )
    if not parameters:
        plain = np.stack([process.phi ** np.arange(1, T + 1) for process in model.processes], axis=-1)
        exponent += 0.5 * _variance(model, covariates, plain, share)
    return np.asarray(month_shocks(model.parameters, covariates, level, share) * np.exp(exponent))


def macro_share(model: FittedModel, covariates: Floats) -> Floats | None:
    """Return the share of each edge's macro effects that acts, (..., T, R) in (0, 1]; None where all do.

    A share q of an effect with mode m and half variance h has the expected logarithm q m + q^2 h: q solves
    q m + q^2 h = s(m + h).

    Parameters
    ----------
    covariates : (..., T, F) as the model was fitted on.
    """
    limit = model.saturation
    if limit is None:
        return None
    bent = np.array([place for place, knee in enumerate(limit.knee) if knee is not None], dtype=np.int64)
    knee, ceiling = (
        np.array([ends[place] for place in bent], dtype=float) for ends in (limit.knee, limit.ceiling)
    )
    parameters = model.parameters
    R, F = parameters.macro.shape
    mode = covariates @ parameters.macro[bent].T
    half = np.empty_like(mode)
    for place, edge in enumerate(bent):
        own = slice(R + edge * F, R + (edge + 1) * F)
        half[..., place] = 0.5 * ((covariates @ model.covariance[own, own]) * covariates).sum(axis=-1)
    whole = mode + half
    if not (whole > knee).any():
        return None
    wanted = saturated(whole, knee, ceiling)
    made = np.ones((*covariates.shape[:-1], R))
    root = np.sqrt(mode**2 + 4.0 * half * wanted, where=whole > knee, out=np.ones_like(mode))
    made[..., bent] = np.where(whole > knee, 2.0 * wanted / np.maximum(mode + root, 1e-300), 1.0)
    return made


def month_shocks(
    parameters: TransitionParameters, covariates: Floats, level: Floats, share: Floats | None
) -> Floats:
    """Return `rows.shocks` with the share (..., T, R) of each edge's macro effects that acts; None is all."""
    made = shocks(parameters, covariates, level)
    return made if share is None else made * np.exp((share - 1.0) * (covariates @ parameters.macro.T))


def _acting(covariates: Floats, share: Floats | None, edge: int) -> Floats:
    """Return covariates as one edge's effects read them: times the share of them that acts."""
    return covariates if share is None else covariates * share[..., edge, None]


def _common(model: FittedModel, seed: int, first: int, paths: int) -> list[Floats | None]:
    """Return each level's errors (P, F + 2) that its edges share: baseline, macro, as-of level."""
    made: list[Floats | None] = []
    for place, shared in enumerate(model.errors.shared if model.errors else ()):
        random = generator(seed, Stream.COMMON_ERRORS, first, place)
        made.append(None if shared is None else random.standard_normal((paths, len(shared))) @ root(shared).T)
    return made


def _none(size: int) -> list[Floats | None]:
    return [None] * size


def _own(model: FittedModel, seed: int, first: int, paths: int) -> list[Floats | None]:
    """Return the errors (P, n) of each edge's own coefficients."""
    made: list[Floats | None] = []
    for place, error in enumerate(model.errors.edges if model.errors else ()):
        random = generator(seed, Stream.EDGE_ERRORS, first, place)
        made.append(
            None if error is None else random.standard_normal((paths, len(error.covariance))) @ error.root.T
        )
    return made


def _start(
    model: FittedModel, place: int, common: Floats | None, own: list[Floats | None], paths: int
) -> Floats:
    """Return the level (P,) of each path at the as-of month."""
    mean = model.processes[place].mean
    if common is not None:
        return np.asarray(mean + common[:, -1])
    edge = _carrier(model, place)
    drawn = None if edge is None else own[edge]
    return np.full(paths, mean) if drawn is None else np.asarray(mean + drawn[:, -1])


def _carrier(model: FittedModel, place: int) -> int | None:
    """Return the edge that was fitted in one piece with a level, None where the level is common to many."""
    if model.errors is None or model.errors.shared[place] is not None:
        return None
    found = [
        edge
        for edge in range(len(model.errors.edges))
        if model.parameters.loading[edge, place] and model.errors.edges[edge]
    ]
    return found[0] if found else None


def _level(
    model: FittedModel,
    place: int,
    start: Floats,
    months: int,
    seed: int,
    first: int,
    scale: Floats,
    latent: bool,
) -> tuple[Floats, Floats, Floats]:
    """Return (P, T) paths of a level, what is left of today's error on each, innovations' excess variance.

    Both are by path: a path of larger scale has larger errors, and is centred by as much.
    """
    process = model.processes[place]
    plain = process.phi ** np.arange(1, months + 1)
    fresh = expected_level(process, months)[1] - plain**2 * process.variance
    if not latent:
        left = np.broadcast_to(plain, (len(start), months))
        return start[:, None] * plain, left, np.broadcast_to(-fresh, left.shape)
    random = generator(seed, Stream.LEVELS, first, place)
    path, point = simulate_level(process, start, months, random, scale)
    fades, added = point_moments(process, months)
    large = scale[:, None]
    return path, fades[point] * large, added[point] * large**2 + process.noise**2 - fresh


def _drift(mean: float, model: FittedModel, place: int, months: int) -> Floats:
    """Return the logarithm (T,) of what the points' persistence alone would make of the mean multiplier."""
    process = model.processes[place]
    fades, _ = point_moments(process, months)
    plain = process.phi ** np.arange(1, months + 1)
    return np.asarray(np.log(points_of(process)[:, 0] @ np.exp(mean * (fades - plain))))


def _errors(
    model: FittedModel, edge: int, direction: Floats | None, own: Floats | None, common: list[Floats | None],
    covariates: Floats, level: Floats, fade: Floats,
) -> Floats:  # fmt: skip
    """Return what errors of estimation add to one edge's log-odds, (P, T).

    Less half their variance beyond the book's.

    The level's own error is in `level` already; it enters here by its covariance with the rest.
    """
    P, T, F = covariates.shape
    loading = model.parameters.loading[edge]
    made = np.zeros((P, T))
    for place, shared in enumerate(model.errors.shared if model.errors else ()):
        drawn = common[place]
        if shared is None or drawn is None or not loading[place]:
            continue
        made += loading[place] * (drawn[:, :1] + np.einsum("ptf,pf->pt", covariates, drawn[:, 1 : 1 + F]))
        plain = np.broadcast_to(model.processes[place].phi ** np.arange(1, T + 1), (P, T))
        made -= (
            0.5 * loading[place] ** 2 * _excess(shared, shared, covariates, (fade[:, :, place],), (plain,))
        )
    error = model.errors.edges[edge] if model.errors else None
    if error is None or own is None or direction is None:
        return made
    fixed = direction.shape[1]
    place = int(np.argmax(np.abs(loading))) if loading.any() else 0
    made += own[:, :fixed] @ direction.T + np.einsum("ptf,pf->pt", covariates, own[:, fixed : fixed + F])
    made += own[:, fixed + F : fixed + F + 1] * level[:, :, place]
    carried = loading[place] if _carrier(model, place) == edge else 0.0
    plain = np.broadcast_to(carried * model.processes[place].phi ** np.arange(1, T + 1), (P, T))
    book = EdgeErrors(error.knots, error.covariance, error.today)
    return made - 0.5 * _excess(
        compressed(error, direction),
        compressed(book, error.today[None])[0],
        covariates,
        (level[:, :, place], carried * fade[:, :, place]),
        (np.zeros((P, T)), plain),
    )


def _excess(
    own: Floats, book: Floats, covariates: Floats, at: tuple[Floats, ...], book_at: tuple[Floats, ...]
) -> Floats:
    """Return by how much the variance (P, T) of a part, at its own last elements, exceeds the book's."""
    one = np.ones((*covariates.shape[:2], 1))
    here = np.concatenate([one, covariates, *(item[:, :, None] for item in at)], axis=-1)
    there = np.concatenate([one, covariates, *(item[:, :, None] for item in book_at)], axis=-1)
    return quadratic(own, here) - quadratic(book, there)


def _variance(model: FittedModel, covariates: Floats, fade: Floats, share: Floats | None = None) -> Floats:
    """Return the variance (..., T, R) of log-odds by estimation; `fade` (T, L): what is left of levels."""
    R, F, L = len(model.parameters.origin), len(model.parameters.factors), len(model.processes)
    made = np.zeros((*covariates.shape[:-1], R))
    for edge in range(R):
        index = np.array([edge, *range(R + edge * F, R + (edge + 1) * F), *range(R + R * F, R + R * F + L)])
        own = model.covariance[np.ix_(index, index)]
        left = np.broadcast_to(fade * model.parameters.loading[edge], (*covariates.shape[:-1], L))
        acting = _acting(covariates, share, edge)
        weight = np.concatenate([np.ones((*covariates.shape[:-1], 1)), acting, left], axis=-1)
        made[..., edge] = ((weight @ own) * weight).sum(axis=-1)
    return made


def variance_today(model: FittedModel) -> Floats:
    """Return the variance (R,) of today's log-odds on today's book."""
    return np.asarray(_variance(model, model.today[None, :], np.ones((1, len(model.processes))))[0])


def _check(model: FittedModel, covariates: Floats) -> None:
    width = len(model.parameters.factors)
    if covariates.ndim not in (2, 3) or covariates.shape[-1] != width:
        raise ModelError(expected(f"covariates of {width} factors", covariates.shape), field="covariates")
    if not np.isfinite(covariates).all():
        raise ModelError(expected("finite covariates", "NaN or infinity"), field="covariates")
