"""Age, period and vintage effects on the odds of first default, their common trend split by a stated rule.

    log-odds(segment g, age a, month p) = g + f(a) + h(p) + q(c),   c = p - a, the month of origination

f, h and q are identified but for a constant and one straight line: moving a slope d from q to h and -d to f
changes no fitted value (Fienberg and Mason 1979; Holford 1983). What departs from a straight line is
identified, and so is the net drift, the slope of period and vintage together; how the drift is split is a
convention (Clayton and Schifflers 1987; Carstensen 2007; Breeden 2007 for loans):

    vintage : no trend in the vintage effect, the drift is the period's (the default: a lender reads vintages
        as quality)
    period  : no trend in the period effect, the drift is the vintages' (what macro cannot explain in the long
        run)
    shared  : half each

A trend is the slope of least squares weighted by expected events (Carstensen's choice). Fitted values,
departures from a line and second differences are the same under all three, forecasts are not: see
`age_period_cohort_macro`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from loantwin import months
from loantwin.arrays import Floats, Integers
from loantwin.errors import ModelError, expected
from loantwin.models.age_period_cohort.fit import (
    TIED,
    BlockFit,
    CoefficientBlock,
    age_splines,
    choose_process,
    clustered,
    fit_blocks,
    lines,
    month_gaps,
    process_of,
    profile,
    trendless,
)
from loantwin.models.counts import EventCounts, sums
from loantwin.models.latent import LevelPrior
from loantwin.models.transitions import Segments, on_grid, rescaled

RULES = {"vintage": 1.0, "period": 0.0, "shared": 0.5}
"""Rule -> share of the net drift that goes to the period effect; the rest goes to the vintage effect."""
ROUNDS = 2
"""Times that sizes of period and vintage effects are chosen anew at the last fit."""


@dataclass(frozen=True)
class ApcSettings:
    """How a decomposition is fitted. Deviations are prior standard deviations in log-odds.

    Raises
    ------
    ModelError : an unknown rule, or vintages of less than a month.
    """

    rule: str = "vintage"
    vintage_months: int = 3
    """Months of origination that share a vintage effect (the drift within them is by month)."""
    ages: int = 361
    knots: int = 6
    age_bend: float = 3.0
    """Prior size of the age curve's second derivative, by unit of log(1 + age / 12)."""
    period: LevelPrior = field(default_factory=LevelPrior)
    vintage: LevelPrior = field(default_factory=lambda: LevelPrior(half_life=24.0, deviation=0.3, noise=0.1))
    drift: float = 0.5
    """Of the net drift, log-odds a year: wide, so that a short history settles at all."""
    choose: bool = True
    """Choose effects' persistence and size by marginal likelihood; else keep the priors' medians."""

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise ModelError(expected("a rule of " + ", ".join(RULES), self.rule), field="rule")
        if self.vintage_months < 1:
            raise ModelError(
                expected("vintages of at least 1 month", self.vintage_months), field="vintage_months"
            )


@dataclass(frozen=True)
class Process:
    """Monthly persistence, long-run deviation, single noise of departures from the trend, log-odds."""

    phi: float
    deviation: float
    noise: float


@dataclass(frozen=True)
class Component:
    """One effect. at : (n,) age in months, or month. value, deviation : (n,) log-odds and standard error.

    weight : (n,) expected events, the weights of its trend. slope : its trend, log-odds a year.
    """

    at: Integers
    value: Floats
    deviation: Floats
    weight: Floats
    slope: float


@dataclass(frozen=True)
class AgePeriodCohort:
    """A decomposition; effective numbers where loans are weighted.

    age : log-odds of a monthly default in the average segment, month and vintage; ages with data.
    period, vintage : departures, mean 0 by weight; vintage `at` is the first month of each band of
        `vintage_months`.
    segments, segment_deviation : (G,) log-odds against the average of segments.
    drift, drift_deviation : net drift, log-odds a year. rule : how it is split. share : part of it in the
        period effect.
    within : slope of the vintage effect from month to month within a band, log-odds a year.
    processes : of period and vintage departures. fit : the fit beneath. support : ages with data.
    events, trials : weighted. effective : factor of effective numbers.
    """

    age: Component
    period: Component
    vintage: Component
    segments: Floats
    segment_deviation: Floats
    drift: float
    drift_deviation: float
    rule: str
    share: float
    within: float
    processes: tuple[Process, Process]
    fit: BlockFit
    support: tuple[int, int]
    events: float
    trials: float
    effective: float
    settings: ApcSettings

    def log_odds(self, segment: Integers, age: Integers, month: Integers) -> Floats:
        """Return fitted log-odds at segments, ages, months; where there are no data, the nearest's."""
        place = np.clip(age, *self.support) - self.support[0]
        when = np.clip(month - self.period.at[0], 0, len(self.period.at) - 1)
        made = self.segments[segment] + self.age.value[place] + self.period.value[when]
        return np.asarray(made + self.vintage_value(month - age))

    def vintage_value(self, origin: Integers) -> Floats:
        """Return vintage effects by month of origination, the nearest outside the data.

        The trend goes by month within a band.
        """
        width, first = self.settings.vintage_months, int(self.vintage.at[0])
        last = first + len(self.vintage.at) * width - 1
        month = np.clip(origin, first, last)
        band = (month - first) // width
        middle = first + band * width + (width - 1) / 2.0
        return np.asarray(self.vintage.value[band] + self.within * (month - middle) / 12.0)


@dataclass(frozen=True)
class Layout:
    """Where cells stand: first and last month, first vintage, number of vintage months and bands."""

    first: int
    last: int
    first_vintage: int
    bands: int
    width: int

    @property
    def periods(self) -> int:
        """Return the number of months, T."""
        return self.last - self.first + 1

    @property
    def middles(self) -> Floats:
        """Return the middle of each vintage band, month number, (V,)."""
        return np.asarray(self.first_vintage + np.arange(self.bands) * self.width + (self.width - 1) / 2.0)


def decompose(
    cells: EventCounts, segments: Segments, effective: float = 1.0, settings: ApcSettings | None = None
) -> AgePeriodCohort:
    """Return the age-period-cohort decomposition of counts.

    Parameters
    ----------
    cells : trials and events by segment, age and month (`counts.edge_cells`). segments : their columns and
        priors.
    effective : factor that turns weighted into effective numbers (`Counts.effective`).

    Raises
    ------
    ModelError : no events, fewer than 12 months or 2 vintages, or counts that cannot tell the effects.
    """
    settings = settings or ApcSettings()
    scaled = rescaled(on_grid(cells, settings.ages), effective)
    if not scaled.events.sum() > 0:
        words = expected("a default to learn from", "none") + "; take a twin whose history holds some"
        raise ModelError(words, field="events")
    layout = layout_of(scaled, settings.vintage_months)
    if layout.periods < 12 or layout.bands < 2:
        raise ModelError(
            expected("12 months and 2 vintages or more", f"{layout.periods} and {layout.bands}"),
            field="age_period_cohort",
        )
    processes = (_median(settings.period), _median(settings.vintage))
    fit = _fitted(scaled, segments, layout, settings, processes, None)
    for _ in range(ROUNDS if settings.choose else 0):
        told = [profile(fit, name) for name in ("period", "vintage")]
        place = fit.block("vintage").values.shape[1] - 1  # without the drift, the block's last column
        vintage = (told[1][0][:place, :place], told[1][1][:place])
        processes = (
            Process(*choose_process(*told[0], month_gaps(layout.periods), settings.period)),
            Process(*choose_process(*vintage, month_gaps(layout.bands, layout.width), settings.vintage)),
        )
        fit = _fitted(scaled, segments, layout, settings, processes, fit.coefficients)
    support = (int(scaled.age.min()), int(scaled.age.max()))
    made = split(fit, scaled, layout, settings, support, processes)
    return replace(
        made, events=float(cells.events.sum()), trials=float(cells.trials.sum()), effective=effective
    )


def layout_of(cells: EventCounts, width: int) -> Layout:
    """Return cells' months and vintages; bands start at multiples of their width (calendar quarters)."""
    origin = cells.month - cells.age
    first = int(origin.min()) // width * width
    return Layout(
        int(cells.month.min()), int(cells.month.max()), first, (int(origin.max()) - first) // width + 1, width
    )


def _median(prior: LevelPrior) -> Process:
    return Process(0.5 ** (1.0 / prior.half_life), prior.deviation, prior.noise)


def shared_blocks(
    cells: EventCounts, segments: Segments, layout: Layout, settings: ApcSettings, vintage: Process
) -> list[CoefficientBlock]:
    """Return the blocks of age, segment and vintage, which the macro fit has too."""
    risk, events = sums(cells.age, cells.trials, settings.ages), sums(cells.age, cells.events, settings.ages)
    basis, bend, _ = age_splines(settings.ages, risk, events, settings.knots, settings.age_bend)
    size = basis.shape[1]
    rate = float(np.log((events.sum() + 0.5) / (risk.sum() + 1.0)))
    months_ = layout.bands * layout.width
    step = np.zeros((months_, layout.bands + 1))
    step[np.arange(months_), np.arange(months_) // layout.width] = 1.0
    step[:, -1] = (np.arange(months_) - (months_ - 1) / 2.0) / 12.0
    covariance = process_of(
        month_gaps(layout.bands, layout.width), vintage.phi, vintage.deviation, vintage.noise
    )
    precision = np.zeros((layout.bands + 1, layout.bands + 1))
    precision[:-1, :-1] = trendless(covariance, layout.middles)
    origin = cells.month - cells.age - layout.first_vintage
    return [
        CoefficientBlock("vintage", origin, step, np.zeros(layout.bands + 1), precision),
        CoefficientBlock("age", cells.age, basis, np.full(size, rate), bend),
        CoefficientBlock(
            "segment", cells.segment, segments.values, segments.prior.mean, segments.prior.precision
        ),
    ]


def _fitted(
    cells: EventCounts,
    segments: Segments,
    layout: Layout,
    settings: ApcSettings,
    processes: tuple[Process, Process],
    start: Floats | None,
) -> BlockFit:
    shared = shared_blocks(cells, segments, layout, settings, processes[1])
    covariance = process_of(
        month_gaps(layout.periods), processes[0].phi, processes[0].deviation, processes[0].noise
    )
    size = layout.periods
    at = layout.first + np.arange(size, dtype=float)
    period = CoefficientBlock(
        "period", cells.month - layout.first, np.eye(size), np.zeros(size), trendless(covariance, at)
    )
    blocks = [*shared, period]
    return fit_blocks(cells, blocks, tied(blocks, layout, settings), start)


def tied(
    blocks: list[CoefficientBlock],
    layout: Layout,
    settings: ApcSettings,
    names: tuple[str, ...] = ("period", "vintage"),
) -> Floats:
    """Return precisions of what counts cannot tell: the blocks' means and trends, and the net drift."""
    starts = np.cumsum([0, *(block.values.shape[1] for block in blocks)])
    made = np.zeros((starts[-1], starts[-1]))
    drift = np.zeros(starts[-1])
    for at, block in enumerate(blocks):
        if block.name not in {"period", "vintage"}:
            continue
        own, where = _steps(block.name, layout)
        values = block.values if block.name == "period" else np.eye(own, own + 1)
        place = slice(starts[at], starts[at + 1])
        line = lines(where)
        line[:, 1] -= line[:, 1].mean()
        reach = (line / np.linalg.norm(line, axis=0)).T @ values
        made[place, place] += TIED * own * reach.T @ reach * (block.name in names)
        drift[place] = slope_weights(where, np.ones(own)) @ values
        if block.name == "vintage":
            drift[starts[at] + own] = 1.0
    return made + np.outer(drift, drift) / settings.drift**2


def _steps(name: str, layout: Layout) -> tuple[int, Floats]:
    """Return the number of steps of an effect and where they stand, month numbers."""
    if name == "period":
        return layout.periods, layout.first + np.arange(layout.periods, dtype=float)
    return layout.bands, layout.middles


def slope_weights(at: Floats, weight: Floats) -> Floats:
    """Return weights (n,) that make values at months the slope of weighted least squares, by year."""
    years = (at - np.average(at, weights=weight)) / 12.0
    return np.asarray(weight * years / max(float(weight @ years**2), 1e-300))


def split(
    fit: BlockFit,
    cells: EventCounts,
    layout: Layout,
    settings: ApcSettings,
    support: tuple[int, int],
    processes: tuple[Process, Process],
) -> AgePeriodCohort:
    """Return a fit's components under the settings' rule, each linear in what counts can tell."""
    maps = components(fit, cells, layout, settings, support)
    laplace = np.linalg.inv(fit.hessian)
    robust = clustered(fit, cells, cells.month - layout.first, layout.periods)
    found: dict[str, tuple[Floats, Floats]] = {}
    for name, rows in maps.items():
        covariance = laplace if name in {"period", "drift"} else robust
        variance = np.einsum("ij,jk,ik->i", rows, covariance, rows)
        found[name] = rows @ fit.coefficients, np.sqrt(np.maximum(variance, 0.0))
    share, drift = RULES[settings.rule], float(found["drift"][0][0])
    expected_events = cells.trials * fit.fitted
    weights = _weights(cells, expected_events, layout)
    ages = np.arange(support[0], support[1] + 1)
    by_age = sums(cells.age, expected_events, settings.ages)[ages]
    return AgePeriodCohort(
        age=Component(ages, *found["age"], by_age, float(slope_weights(ages.astype(float),
            by_age) @ found["age"][0])),
        period=Component(layout.first + np.arange(layout.periods), *found["period"], weights["period"],
            share * drift),
        vintage=Component(
            layout.first_vintage + np.arange(layout.bands) * layout.width, *found["vintage"],
            weights["vintage"], (1.0 - share) * drift,
        ),
        segments=found["segment"][0],
        segment_deviation=found["segment"][1],
        drift=drift,
        drift_deviation=float(found["drift"][1][0]),
        rule=settings.rule,
        share=share,
        within=float(found["within"][0][0]),
        processes=processes,
        fit=fit,
        support=support,
        events=float(cells.events.sum()),
        trials=float(cells.trials.sum()),
        effective=1.0,
        settings=settings,
    )  # fmt: skip


def _weights(cells: EventCounts, events: Floats, layout: Layout) -> dict[str, Floats]:
    """Return the expected events of each period and vintage band."""
    band = (cells.month - cells.age - layout.first_vintage) // layout.width
    return {
        "period": sums(cells.month - layout.first, events, layout.periods),
        "vintage": sums(band, events, layout.bands),
    }


def components(
    fit: BlockFit, cells: EventCounts, layout: Layout, settings: ApcSettings, support: tuple[int, int]
) -> dict[str, Floats]:
    """Return, by name, the rows (., n) that turn coefficients into effects under the settings' rule.

    The period block may be any basis by month (`age_period_cohort_macro` has covariates in it).
    """
    n, share = len(fit.coefficients), RULES[settings.rule]
    expected_events = cells.trials * fit.fitted
    weights = _weights(cells, expected_events, layout)
    whole: dict[str, Floats] = {}
    for name in ("period", "vintage"):
        whole[name] = rows_of(fit, name)
    middle = np.arange(layout.bands) * layout.width
    banded = np.add.reduceat(whole["vintage"], middle, axis=0) / layout.width
    # constant and slope of each effect as it was fitted; what they sum to is what counts can tell
    line = {}
    parts = {"period": (whole["period"], _steps("period", layout)[1]), "vintage": (banded, layout.middles)}
    for name, (rows, at) in parts.items():
        weight = weights[name]
        centre = float(np.average(at, weights=weight))
        line[name] = (weight / weight.sum()) @ rows, slope_weights(at, weight) @ rows, centre
    drift = line["period"][1] + line["vintage"][1]
    made: dict[str, Floats] = {"drift": drift[None]}
    # what the effect of a month is short of once its mean is in the age curve and its trend is held at the
    # last month
    mean, slope, centre = line["period"]
    made["held"] = (-mean + (layout.last - centre) / 12.0 * (share * drift - slope))[None]
    made["trend"] = (share * drift - slope)[None]
    for name, (rows, at) in parts.items():
        mean, slope, centre = line[name]
        years = (at - centre)[:, None] / 12.0
        kept = share if name == "period" else 1.0 - share
        made[name] = rows - mean - years * slope + years * kept * drift
    ages = np.arange(support[0], support[1] + 1)
    age = rows_of(fit, "age")[ages]
    # a slope s of the period effect is s (c + a): what the rule takes from the period, age and vintage must
    # give back
    moved = line["period"][1] - share * drift
    away = (ages - (line["period"][2] - line["vintage"][2]))[:, None] / 12.0
    segment = rows_of(fit, "segment")
    share_of = sums(cells.segment, expected_events, len(segment))
    average = (share_of / share_of.sum()) @ segment
    made["age"] = age + line["period"][0] + line["vintage"][0] + away * moved + average
    made["segment"] = segment - average
    own = np.zeros(n)
    own[fit.place("vintage").stop - 1] = 1.0
    made["within"] = (own + moved)[None]
    return made


def rows_of(fit: BlockFit, name: str) -> Floats:
    """Return the rows (., n) that give what a block adds to the log-odds at each place of its basis."""
    block = fit.block(name)
    rows = np.zeros((len(block.values), len(fit.coefficients)))
    rows[:, fit.place(name)] = block.values
    return rows


def sizes(found: AgePeriodCohort) -> dict[str, float]:
    """Return how much each effect moves the log-odds: its standard deviation by expected events."""
    made = {}
    for name in ("age", "period", "vintage"):
        part: Component = getattr(found, name)
        mean = np.average(part.value, weights=part.weight)
        made[name] = float(np.sqrt(np.average((part.value - mean) ** 2, weights=part.weight)))
    return made


def label_of(found: AgePeriodCohort, month: int) -> str:
    """Return a vintage band's name: 2003Q2 for quarters, else its first month."""
    if found.settings.vintage_months == 3:
        return f"{month // 12}Q{month % 12 // 3 + 1}"
    return f"{month // 12}" if found.settings.vintage_months == 12 else months.label(month)
