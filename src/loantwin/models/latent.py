"""The period effect that macro does not explain (frailty): a level that moves by month, and forgets.

    v[t] = u[t] + e[t],   u[t] = phi u[t-1] + sigma x innovation,   e[t] = noise x innovation,   innovations
    N(0, 1)

`u` is the level that carries into the future and reverts to zero, the long-run baseline, at rate phi; `e` is
the noise of single months (bookings done in batches), which does not. phi, sigma and noise are chosen by the
Laplace approximation of the marginal likelihood times a stated prior, anew at each fit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.models.additive import AdditiveFit, Design, Family, fit_additive
from loantwin.models.counts import EventCounts
from loantwin.models.regression import Prior

YEAR = 12.0
MOST_SCALE = 2.5
"""No path swings more than so many times the usual."""


@dataclass(frozen=True)
class LevelPrior:
    """Log-normal priors of the process: median and standard deviation of the logarithm of each.

    A judgement: what macro leaves unexplained in the Federal Reserve's charge-off rates up to 2025 has a
    half-life of 34 to 80 months and a standard deviation of 0.3 (consumer) to 0.6 (business); up to 2009
    it is 49 to 78 months for business, but only 1 to 4 for consumer loans and cards. Twelve settings were
    compared on the SBA tapes, with those results known.
    """

    half_life: float = 40.0
    """Months after which half of a deviation is forgotten."""
    half_life_spread: float = 0.5
    deviation: float = 0.5
    """Standard deviation of the level in the long run, in log-odds."""
    deviation_spread: float = 0.4
    noise: float = 0.2
    """Standard deviation of a single month's noise, in log-odds."""
    noise_spread: float = 0.7

    def carrying(self, beliefs: Sequence[tuple[float, float]]) -> LevelPrior:
        """Return the prior of a level that also carries what covariates left out would have explained.

        Their expected squares add to the level's variance in the long run. Covariates are changes over a
        year and forgotten after it; the half-life is that which leaves the sum the correlation over a year
        that the level's own part gives it. So the level is larger, and moves faster, where the economy is not
        known.

        beliefs : (mean, standard deviation) of each one's effect, log-odds by one standard deviation.
        """
        lost = sum(mean**2 + spread**2 for mean, spread in beliefs)
        if not lost:
            return self
        whole = self.deviation**2 + lost
        kept = self.deviation**2 * 0.5 ** (YEAR / self.half_life) / whole
        half_life = YEAR * float(np.log(0.5) / np.log(kept))
        return replace(self, half_life=half_life, deviation=float(np.sqrt(whole)))


@dataclass(frozen=True)
class LatentProcess:
    """A period effect as fitted.

    phi : monthly persistence in (0, 1). sigma : standard deviation of the monthly innovation. noise : of the
    single month's noise. mean, variance : of the level u at the as-of month, given all history. months : of
    history.
    points : (weight, phi, sigma) of processes that history can hardly tell from this one; weights sum to 1.
        Empty where persistence and size are taken as known.
    tails : degrees of freedom of its paths' scale, 0 for normal paths.
    """

    name: str
    phi: float
    sigma: float
    noise: float
    mean: float
    variance: float
    months: int
    points: tuple[tuple[float, float, float], ...] = ()
    tails: float = 0.0

    @property
    def long_run_variance(self) -> float:
        """Return the variance of the level when the present is forgotten."""
        return self.sigma**2 / (1.0 - self.phi**2)

    @property
    def half_life(self) -> float:
        """Return the months after which half of a deviation is forgotten."""
        return float(np.log(0.5) / np.log(self.phi))


@dataclass(frozen=True)
class Level:
    """A level's history: smoothed (all months given) and filtered (months so far), with variances, (T,)."""

    first: int
    smoothed: Floats
    smoothed_variance: Floats
    filtered: Floats
    filtered_variance: Floats


@dataclass(frozen=True)
class Told:
    """What is known of a level's months before the lender's own counts: from other books.

    mean : (T,) of u. share : (T,) of its long-run deviation that is left about it, in (0, 1].
    """

    mean: Floats
    share: Floats


def process_covariance(
    size: int, phi: float, deviation: float, noise: float, told: Told | None = None
) -> Floats:
    """Return the prior covariance (T, T) of v over T months; `deviation` is the level's in the long run."""
    # Trap: months taken for independent. Macro would explain slow swings, and claim to know its effect.
    gap = np.abs(np.arange(size)[:, None] - np.arange(size)[None, :])
    left = 1.0 if told is None else told.share[:, None] * told.share[None, :]
    return np.asarray(left * deviation**2 * phi**gap + (noise**2 + 1e-8) * np.eye(size))


def choose_process(
    cells: EventCounts,
    design: Design,
    prior: LevelPrior,
    family: Family = "poisson",
    budget: int = 90,
    told: Told | None = None,
) -> tuple[float, float, float]:
    """Return (phi, deviation, noise) of highest posterior probability, by Nelder and Mead on logs."""
    from scipy.optimize import minimize

    cost = _cost(cells, design, prior, family, told)
    middle = np.log([prior.half_life, prior.deviation, prior.noise])
    simplex = middle + np.concatenate([np.zeros((1, 3)), 0.5 * np.eye(3)])
    options = {"maxfev": budget, "initial_simplex": simplex, "xatol": 0.02, "fatol": 0.02}
    best = minimize(cost, middle, method="Nelder-Mead", options=options)
    half_life, deviation, noise = np.exp(best.x)
    return float(0.5 ** (1.0 / half_life)), float(deviation), float(noise)


def process_points(
    cells: EventCounts,
    design: Design,
    prior: LevelPrior,
    best: tuple[float, float, float],
    family: Family = "poisson",
    told: Told | None = None,
) -> tuple[tuple[float, float, float], ...]:
    """Return (weight, phi, sigma) of processes that history bears: a posterior grid about the best one.

    The grid lies in the logarithms of half-life and sigma, at Gauss-Hermite nodes (3 by 5) as wide as the
    posterior's own curvature; a node's weight is the posterior there. The noise of single months is held at
    its best value. Source: integration over hyperparameters as in Rue, Martino and Chopin, J. Royal
    Statistical Society B 71 (2009).
    """
    cost = _cost(cells, design, prior, family, told)
    middle = np.array(
        [
            np.log(np.log(0.5) / np.log(best[0])),
            np.log(best[1] * np.sqrt(1.0 - best[0] ** 2)),
            np.log(best[2]),
        ]
    )

    def at(half_life: float, sigma: float) -> float:
        """Return the cost at shifts of the two logs; their map to (half-life, deviation) keeps volumes."""
        phi = 0.5 ** np.exp(-(middle[0] + half_life))
        return cost(
            np.array([middle[0] + half_life, middle[1] + sigma - 0.5 * np.log(1.0 - phi**2), middle[2]])
        )

    centre = at(0.0, 0.0)
    step = 0.3
    bend = [at(step, 0.0) + at(-step, 0.0) - 2.0 * centre, at(0.0, step) + at(0.0, -step) - 2.0 * centre]
    # a flat or a tilted posterior is no wider than the prior, nor so narrow that the grid is a point
    wide = [float(np.clip(step / np.sqrt(max(one, 1e-9)), 0.05, 0.5)) for one in bend]
    nodes = [np.polynomial.hermite_e.hermegauss(size) for size in (3, 5)]
    made = []
    for x, x_weight in zip(*nodes[0], strict=True):
        for y, y_weight in zip(*nodes[1], strict=True):
            gain = centre - at(wide[0] * x, wide[1] * y) + 0.5 * (x * x + y * y)
            phi = 0.5 ** np.exp(-(middle[0] + wide[0] * x))
            made.append(
                (np.log(x_weight * y_weight) + gain, float(phi), float(np.exp(middle[1] + wide[1] * y)))
            )
    weight = np.exp(np.array([one[0] for one in made]) - max(one[0] for one in made))
    weight = weight / weight.sum()
    return tuple(
        (float(share), phi, sigma)
        for share, (_, phi, sigma) in zip(weight, made, strict=True)
        if share > 1e-6
    )


def _cost(
    cells: EventCounts, design: Design, prior: LevelPrior, family: Family, told: Told | None
) -> Callable[[Floats], float]:
    """Return minus the log posterior of the logarithms of (half-life, deviation, noise)."""
    size = len(design.month)
    middle = np.log([prior.half_life, prior.deviation, prior.noise])
    spread = np.array([prior.half_life_spread, prior.deviation_spread, prior.noise_spread])
    warm: list[Floats | None] = [None]

    def cost(point: Floats) -> float:
        half_life, deviation, noise = np.exp(point)
        fit = fit_additive(
            cells,
            design,
            process_covariance(size, 0.5 ** (1.0 / half_life), deviation, noise, told),
            family,
            warm[0],
            None if told is None else told.mean,
        )
        warm[0] = fit.coefficients
        return -fit.log_marginal + 0.5 * float((((point - middle) / spread) ** 2).sum())

    return cost


def level_of(
    fit: AdditiveFit, phi: float, deviation: float, noise: float, first: int, told: Told | None = None
) -> tuple[Level, Floats]:
    """Return u's history behind a fitted level v, and the weights (T,) with which v gives its last month.

    u given v is Gaussian: mean m + W (v - m) with W = cov(u, v) cov(v)^-1 and m what was told of it
    beforehand, and a rest variance that does not depend on v.
    """
    v = fit.part("level")
    size = len(v)
    mean = np.zeros(size) if told is None else told.mean
    whole = process_covariance(size, phi, deviation, noise, told)
    own = whole - (noise**2 + 1e-8) * np.eye(size)
    share: Floats = np.asarray(np.linalg.solve(whole, own).T, dtype=np.float64)
    place = fit.place("level")
    posterior = np.linalg.inv(fit.hessian)[place, place]
    rest = np.einsum("tt->t", own - share @ own)
    variance = np.einsum("ts,sr,tr->t", share, posterior, share) + np.maximum(rest, 0.0)
    filtered, filtered_variance = _filtered(fit, phi, deviation, noise, told)
    return Level(
        first, np.asarray(mean + share @ (v - mean)), np.asarray(variance), filtered, filtered_variance
    ), np.asarray(share[-1], dtype=np.float64)


def _filtered(
    fit: AdditiveFit, phi: float, deviation: float, noise: float, told: Told | None
) -> tuple[Floats, Floats]:
    """Return the Kalman filter's mean and variance of u, on the counts' Gaussian mode."""
    place = fit.place("level")
    v = fit.part("level")
    known, share = (
        (np.zeros(len(v)), np.ones(len(v))) if told is None else (told.mean, np.asarray(told.share))
    )
    precision = np.linalg.inv(process_covariance(len(v), phi, deviation, noise, told))
    information = np.diag(fit.hessian)[place] - np.diag(precision)
    score = precision @ (v - known)
    mean, variance = np.empty(len(v)), np.empty(len(v))
    state, spread = 0.0, deviation**2
    innovation = deviation**2 * (1.0 - phi**2)
    for t in range(len(v)):
        if t:
            state, spread = phi * state, phi**2 * spread + innovation
        if information[t] > 1e-10:
            seen, error = v[t] - known[t] + score[t] / information[t], 1.0 / information[t] + noise**2
            gain = spread * share[t] / (share[t] ** 2 * spread + error)
            state, spread = state + gain * (seen - share[t] * state), (1.0 - gain * share[t]) * spread
        mean[t], variance[t] = known[t] + share[t] * state, share[t] ** 2 * spread
    return mean, variance


def expected_level(process: LatentProcess, size: int) -> tuple[Floats, Floats]:
    """Return the mean and the variance (T,) of v in the months after the as-of month."""
    fade: Floats = np.asarray(process.phi ** np.arange(1, size + 1), dtype=np.float64)
    variance = fade**2 * process.variance + process.long_run_variance * (1.0 - fade**2) + process.noise**2
    return fade * process.mean, variance


def path_scales(process: LatentProcess, paths: int, random: np.random.Generator) -> Floats:
    """Return the scale (P,) of each path: 1 for normal paths, else that of a Student t, at most `MOST_SCALE`.

    One scale a path, on what is not known of its start and on all its innovations, keeps its months joint: a
    wave is large in all of them.
    """
    if not process.tails:
        return np.ones(paths)
    return np.asarray(np.minimum(np.sqrt(process.tails / random.chisquare(process.tails, paths)), MOST_SCALE))


def usual_scale(tails: float) -> float:
    """Return the root mean square of `path_scales`: how much wider heavy tails make paths.

    With X of a chi-square with n degrees and Y of one with n - 2, E[min(n / X, m^2)] =
    n / (n - 2) P(Y > n / m^2) + m^2 P(X < n / m^2).
    """
    if not tails:
        return 1.0
    from scipy.special import chdtr, chdtrc

    edge = tails / MOST_SCALE**2
    square = tails / (tails - 2.0) * chdtrc(tails - 2.0, edge) + MOST_SCALE**2 * chdtr(tails, edge)
    return float(np.sqrt(square))


def simulate_level(
    process: LatentProcess,
    start: Floats,
    size: int,
    random: np.random.Generator,
    scale: Floats | float = 1.0,
) -> tuple[Floats, Integers]:
    """Return P paths of v over `size` months after the as-of month, (P, T), and the point each follows, (P,).

    Paths begin at levels `start` (P,) in the as-of month; `point_moments` says how the points differ. `scale`
    (P,) is that of each path's innovations.
    """
    paths = len(start)
    pick = random.random(paths)
    normal = random.standard_normal((paths, size, 2))
    points = points_of(process)
    point = np.minimum(np.searchsorted(np.cumsum(points[:, 0]), pick, side="right"), len(points) - 1)
    phi, sigma = points[point, 1], points[point, 2]
    made, state = np.empty((paths, size)), start
    # Trap: a month's noise taken for the level. It stays in its month and is not carried on.
    for t in range(size):
        state = phi * state + sigma * scale * normal[:, t, 0]
        made[:, t] = state
    return made + process.noise * normal[:, :, 1], point


def points_of(process: LatentProcess) -> Floats:
    """Return weight, phi and sigma of a process's points, (K, 3); the process itself where it has none."""
    return np.array(process.points or ((1.0, process.phi, process.sigma),))


def point_moments(process: LatentProcess, size: int) -> tuple[Floats, Floats]:
    """Return by point today's level's remainder and the innovations' added variance, (K, T) each."""
    _, phi, sigma = points_of(process).T[:, :, None]
    fade = phi ** np.arange(1, size + 1)
    return np.asarray(fade), np.asarray(sigma**2 * (1.0 - fade**2) / (1.0 - phi**2))


def level_design(
    first: int, covariates: Floats, covariate_prior: Prior, baseline: float, baseline_deviation: float
) -> Design:
    """Return the design of a pure time series of counts: constant, macro, level; one age and segment."""
    one = np.ones((1, 1))
    none = Prior(np.zeros(0), np.zeros((0, 0)))
    constant = Prior(np.array([baseline]), np.array([[1.0 / baseline_deviation**2]]))
    return Design(one, np.zeros((1, 0)), covariates, first, constant, none, covariate_prior)
