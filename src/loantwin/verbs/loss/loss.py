"""`loss`: losses over macro paths, period effects and single names, and under models of portfolio loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from loantwin.arrays import Floats
from loantwin.config import Loss, chosen
from loantwin.engine.rows import base_segments
from loantwin.errors import RiskError, UsageError, expected
from loantwin.models.severity_reaction import severity_factors, worsening_conditions
from loantwin.outlook.left_out import left_out
from loantwin.outlook.outlook import Economy, Outlook
from loantwin.risk.facts import standing
from loantwin.risk.loss.conditional import conditional_losses, part_shares, size_bands
from loantwin.risk.loss.copula.distribution import PATHS as COPULA_PATHS
from loantwin.risk.loss.loss import ConditionalLosses, LossResult
from loantwin.risk.loss.loss import loss as distribution
from loantwin.risk.loss.tail import check_support, paths_needed
from loantwin.twin import Twin, opened
from loantwin.types import ModelResult, Progress, silent
from loantwin.verbs.loss.borrowers import borrowers
from loantwin.verbs.loss.dependence import dependence
from loantwin.verbs.loss.inputs import loss_inputs, mean_severity
from loantwin.verbs.loss.models import ALL, MODELS, TWIN, losses_under
from loantwin.verbs.loss.settings import LossSettings
from loantwin.verbs.loss.supervisory import supervisory

LEAST_PATHS, MIGRATION_PATHS = 20_000, 12_000
MOST_PATHS = 1_000_000
"""Most paths taken without being asked for."""
BLOCK = 2_000
TYPICAL = 512
"""Paths that tell how segments share a band's loss in ordinary times."""
TWIN_ASSUMPTION = (
    "contributions: within a band of size the loss of a path is split as the segments share its expected "
    "loss; no stand-alone figures, which would need each segment's own names"
)


@dataclass(frozen=True)
class LossComparison(ModelResult):
    """The same book under several models: name -> loss distribution, of one horizon and confidence.

    left_out : models that could not be run on this book, and why.
    """

    SCHEMA: ClassVar[str] = "loantwin.loss-models/1"

    as_of: date
    currency: str
    months: int
    confidence: float
    models: Mapping[str, LossResult]
    left_out: Mapping[str, str]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def loss(
    twin: Twin | Path | str,
    *,
    model: str = TWIN,
    months: int = 12,
    confidence: float = 0.999,
    paths: int | None = None,
    seed: int | None = None,
    sectors: str | None = None,
    correlation: str | None = None,
    correlation_floor: float | None = None,
    factor_correlation: float | None = None,
    degrees_of_freedom: float | None = None,
    lgd: str | None = None,
    repair: bool = False,
    progress: Progress = silent,
) -> LossResult | LossComparison:
    """Return expected loss, deviation, value at risk and expected shortfall, with standard errors.

    Parameters
    ----------
    model : twin (its own paths), gaussian, t, credit-risk-plus, migration, all of them side by side, or an
        installed package's.
    months : horizon. confidence : of value at risk and expected shortfall, in (0, 1).
    paths : None takes, for the twin, at least 20,000 and 20 beyond the quantile; for copulas 24,000, shifted
        to the tail.
    sectors : none, segment or product share a factor. correlation : implied (by the twin's paths), latent (by
        its latent
        process alone), or an asset correlation. factor_correlation : between sectors, None: implied.
    correlation_floor : least asset correlation of a sector where it is implied or latent, below 1.
    degrees_of_freedom : of the t copula. lgd : constant, or frye-jacobs. What is None comes from
        `[config.loss]`.
    repair : take the nearest correlation matrix where sectors' is not positive semi-definite.

    Raises
    ------
    RiskError : a confidence the number of paths cannot support. UsageError : an option that does not exist.
    """
    if not 0.0 < confidence < 1.0:
        raise RiskError(expected("a confidence between 0 and 1", confidence), field="confidence")
    if months < 1:
        raise RiskError(expected("a horizon of at least 1 month", months), field="months")
    model = MODELS.spelt(model, field="model")
    given = {
        "sectors": sectors,
        "correlation": correlation,
        "correlation_floor": correlation_floor,
        "degrees_of_freedom": degrees_of_freedom,
        "lgd": lgd,
    }
    stray = [
        name
        for name, value in {**given, "factor_correlation": factor_correlation}.items()
        if value is not None
    ]
    if model == TWIN and stray:
        raise UsageError(
            expected("a `model` whose dependence is stated (the twin's own paths carry theirs)", TWIN),
            field=stray[0],
        )
    if model in (TWIN, ALL) and paths is None and paths_needed(confidence) > MOST_PATHS:
        raise RiskError(
            expected(f"a confidence that {MOST_PATHS:,} paths support, or `paths`", confidence),
            field="confidence",
        )
    with opened(twin) as twin:
        settings = chosen(
            twin.config,
            seed=seed,
            sectors=sectors,
            correlation=correlation,
            correlation_floor=correlation_floor,
            degrees_of_freedom=degrees_of_freedom,
            lgd=lgd,
        )
        twin = twin.using(settings)
        run = _LossRun(
            Outlook(twin),
            months,
            confidence,
            paths,
            factor_correlation,
            repair,
            sectors is not None,
            progress,
        )
        if model != ALL:
            return run.one(model)
        return run.all()


def outside(outlook: Outlook) -> tuple[str, ...]:
    """Return in words which loans have no loss here because they are in default already."""
    found = left_out(outlook).get("in_default")
    if found is None:
        return ()
    return (
        f"{found.count:,} loans in default ({found.balance:,.0f} {outlook.twin.currency}) are not in it: "
        "what is still lost on them is in provisions and charged off in forecasts",
    )


@dataclass(frozen=True)
class _LossRun:
    """One look at a book: what all models share."""

    outlook: Outlook
    months: int
    confidence: float
    paths: int | None
    factor_correlation: float | None
    repair: bool
    own_sectors: bool
    progress: Progress

    @property
    def twin(self) -> Twin:
        return self.outlook.twin

    @property
    def options(self) -> Loss:
        return self.twin.config.loss

    def one(self, model: str) -> LossResult:
        """Return one model's losses."""
        if model == TWIN:
            made = self._twin()
            return replace(made, supervisory=supervisory(self.outlook, made))
        sectors = self.options.sectors
        if model == "credit-risk-plus" and not self.own_sectors:
            sectors = "none"  # independent gamma factors would tear apart what the twin's paths move together
        inputs = loss_inputs(
            self.outlook,
            self.months,
            sectors,
            self.options.correlation,
            self.twin.config.run.seed,
            self.progress,
        )
        settings = self._settings(model)
        made = losses_under(model, inputs, settings)
        stated = () if model == "credit-risk-plus" else dependence(inputs.implied, settings)[0].tolist()
        return replace(made, supervisory=supervisory(self.outlook, made, stated))

    def all(self) -> LossComparison:
        """Return every built-in model that can be run."""
        made: dict[str, LossResult] = {}
        left: dict[str, str] = {}
        for name in (TWIN, *MODELS):
            try:
                made[name] = self.one(name)
            except (UsageError, RiskError) as error:
                if name == TWIN:
                    raise
                left[name] = str(error)
        twin = self.twin
        return LossComparison(
            twin.as_of, twin.currency, self.months, self.confidence, made, left, twin.provenance()
        )

    def _settings(self, model: str) -> LossSettings:
        options = self.options
        enough = MIGRATION_PATHS if model == "migration" else COPULA_PATHS  # both shift theirs to the tail
        return LossSettings(
            confidence=self.confidence,
            paths=enough if self.paths is None else self.paths,
            seed=self.twin.config.run.seed,
            correlation=options.correlation,
            factor_correlation=self.factor_correlation,
            degrees_of_freedom=options.degrees_of_freedom,
            lgd=options.lgd,
            repair=self.repair,
            correlation_floor=options.correlation_floor,
            one_sector=not self.own_sectors,
            not_observable=self._gaps(),
            provenance=self.twin.provenance(),
        )

    def _gaps(self) -> tuple[str, ...]:
        return standing(
            self.twin.book.loans, self.twin.mapping.observes, assumed=tuple(self.twin.book.assumed)
        ).not_observable

    def _twin(self) -> LossResult:
        count = max(LEAST_PATHS, paths_needed(self.confidence)) if self.paths is None else self.paths
        check_support(count, self.confidence)
        twin, seed = self.twin, self.twin.config.run.seed
        losses, segments = conditional_parts(self.outlook, self.months, count, seed, self.progress)
        return distribution(
            twin.as_of, twin.currency, losses, self.months, self.confidence, seed, self._gaps(),
            twin.provenance(), segments, (
                TWIN_ASSUMPTION, *outside(self.outlook), *self.outlook.prices_left_out, *self.outlook.notes,
            ),
        )  # fmt: skip


def conditional(
    outlook: Outlook, horizon: int, paths: int, seed: int, progress: Progress = silent
) -> ConditionalLosses:
    """Return what each path makes of the book's loans, by band of size."""
    return _conditional(outlook, horizon, paths, seed, progress, [])


def conditional_parts(
    outlook: Outlook, horizon: int, paths: int, seed: int, progress: Progress = silent
) -> tuple[ConditionalLosses, tuple[str, ...]]:
    """Return what paths make of the book's loans, with segments' shares in each band's loss, and names.

    Shares are computed for the worst tenth of paths and for `TYPICAL` others, whose mean share stands for the
    rest: what a segment adds to the tail is exact, its expected loss rests on those paths.
    """
    kept: list[Floats] = []
    losses = _conditional(outlook, horizon, paths, seed, progress, kept)
    if not len(outlook.columns.principal):
        return losses, ()
    progress(0.9, "who makes the tail")
    bands = size_bands(outlook.columns, name=borrowers(outlook))
    base = base_segments(outlook.twin.model.parameters.segments)
    used, segment = np.unique(base[outlook.columns.segment], return_inverse=True)
    names = tuple(outlook.twin.model.parameters.segments[code] for code in used)
    cells = outlook.cells(
        outlook.simulated(horizon, paths, seed),
        horizon,
        replace(bands.columns, group=bands.columns.group * len(used) + segment),
    )
    worst = np.argsort(-losses.net.sum(axis=1), kind="stable")[: max(paths // 10, 1)]
    chosen = np.unique(np.concatenate([np.arange(min(TYPICAL, paths)), worst]))
    shocks = np.concatenate(kept)[chosen]
    model = outlook.twin.model
    found = part_shares(model.parameters, cells, model.lgd, shocks, len(bands.number), len(used))
    typical = chosen < TYPICAL
    weight = losses.net[chosen[typical]]
    total = weight.sum(axis=0)
    mean = np.einsum("pc,pcg->cg", weight, found[typical]) / np.where(total > 0, total, 1.0)[:, None]
    shares = np.repeat(mean[None].astype(np.float32), paths, axis=0)
    shares[chosen] = found
    return replace(losses, net_share=shares), names


def _conditional(
    outlook: Outlook, horizon: int, paths: int, seed: int, progress: Progress, kept: list[Floats]
) -> ConditionalLosses:
    economy = outlook.simulated(horizon, paths, seed)
    bands = size_bands(outlook.columns, name=borrowers(outlook))
    cells = outlook.cells(economy, horizon, bands.columns)
    model = outlook.twin.model
    conditions: list[Floats] = []
    blocks = _blocks(outlook, economy, seed, progress, conditions, kept)
    losses = conditional_losses(model.parameters, bands, cells, model.lgd, blocks)
    if model.severity is None or not losses.gross.sum() > 0:
        return losses
    factor = severity_factors(model.severity, np.concatenate(conditions), mean_severity(outlook), seed)
    return replace(losses, net=losses.net * factor[:, None], gross=losses.gross * factor[:, None])


def _blocks(
    outlook: Outlook,
    economy: Economy,
    seed: int,
    progress: Progress,
    conditions: list[Floats],
    kept: list[Floats],
) -> Iterator[Floats]:
    """Yield blocks of shocks, kept; `conditions` gathers mean log-odds added to the first worsening edge."""
    parameters = outlook.twin.model.parameters
    paths = len(economy.covariates)
    for start in range(0, paths, BLOCK):
        progress(start / paths, "simulating losses")
        part = Economy(None, economy.covariates[start : start + BLOCK], None)
        shocks = outlook.drawn(part, len(part.covariates), seed, first=start)
        conditions.append(worsening_conditions(parameters, shocks))
        kept.append(shocks)
        yield shocks
