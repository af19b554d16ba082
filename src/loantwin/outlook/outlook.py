"""What forward-looking verbs read: the economy ahead as covariates and index paths, loans as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from loantwin import months
from loantwin.arrays import Flags, Floats
from loantwin.book.as_of import PrimeRate, book_at
from loantwin.book.book import Book
from loantwin.book.mapping import TapeFormat
from loantwin.book.schema import DEFAULT_STATES
from loantwin.engine.assumptions import RunoffAssumptions, assumptions
from loantwin.engine.cells import Cells
from loantwin.engine.columns import LoanColumns, take
from loantwin.engine.runoff import build_cells
from loantwin.errors import ScenarioError, UsageError, choice, expected
from loantwin.kept import Source, kept
from loantwin.macro.align import Alignment
from loantwin.macro.align import align as redated
from loantwin.macro.covariates import DERIVED, evaluate, known_span
from loantwin.macro.generator import simulate
from loantwin.macro.history import nowcast
from loantwin.macro.read import ScenarioArgument, parse_argument, read_macro, result_names, select
from loantwin.macro.revert import extend
from loantwin.macro.scenario import MacroPaths, Scenario
from loantwin.macro.source import MacroSource
from loantwin.models.book_columns import exposure_of, live_loans, loan_columns, unknown_states
from loantwin.models.forecasting import draw_shocks, mean_shocks
from loantwin.models.secured import price_factor, secured_loans, with_class
from loantwin.models.uncertainty import Directions
from loantwin.outlook.collateral import prices_beyond_trend
from loantwin.outlook.rates import with_current_rates
from loantwin.twin import Twin
from loantwin.types import Interval

Scenarios = str | Path | Sequence[str | Path]
"""FILE[#NAME][=WEIGHT], one or several."""
Histories = str | Path | Sequence[str | Path]
"""Macro files named as the history of scenarios, one or several."""
UNEMPLOYMENT = "unemployment_rate"
"""The factor that income support works on."""
FAN_PATHS = 400
"""Paths from which the interval of a macro factor is shown."""
SOURCES: tuple[Source, ...] = ("tape", "loans", "model", "date", "lags")
"""What the loans as columns, and all that is made of them, follow from."""


@dataclass(frozen=True)
class Economy:
    """The economy over T months. covariates : (P, T, F). index : (P, T) of rates, None where no loan floats.

    name : the scenario's name, None for generated paths. notes : what was dropped, floored or assumed on the
        way.
    """

    name: str | None
    covariates: Floats
    index: Floats | None
    notes: tuple[str, ...] = ()
    funding: Floats | None = None
    """(P, T) decimals a year: what funding costs in each month, where it follows the economy (`stress`)."""
    prices: Floats | None = None
    """(P, T) log of the price of collateral over its trend since the as-of date; None where no loan follows
    one, or the economy holds none."""
    drawn: bool = False
    """The paths are a sample of what the generator expects: the mean over them of severity is the tables'."""

    @property
    def varies(self) -> bool:
        """Return whether paths differ: generated ones, of covariates or of the index."""
        return self.name is None and (self.covariates.shape[2] > 0 or self.index is not None)

    def index_paths(self, cells: Cells, paths: int) -> Floats | None:
        """Return the index of each path as interest reads it beside `Outlook.cells`, (P, T).

        None where nothing floats, or where fewer paths are stated than are run: one stated path is in the
        cells already.
        """
        if self.index is None or cells.index_path is None or len(self.index) != paths:
            return None
        return np.ascontiguousarray(self.index[:, : len(cells.index_path)])


@dataclass(frozen=True)
class GivenScenario:
    """A scenario as asked for, aligned if wanted. weight is None where none was given.

    income_support : share, 0 to 1, of rises of unemployment that income support keeps from borrowers.
    """

    name: str
    scenario: Scenario
    weight: float | None
    notes: tuple[str, ...]
    income_support: float = 0.0


class Outlook:
    """A twin looked at forward: loans as columns, and economies as the model's covariates.

    What it derives is kept in the twin's store, so that a second look at an open twin starts where the first
    one ended.
    """

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self.store = twin.store
        self.anchor = months.anchor_day(twin.as_of)
        self.month0 = months.month_of(twin.as_of, self.anchor)

    @kept("model", "date", "lags")
    def history(self) -> Scenario:
        """Return the known history, carried on to the as-of date."""
        return nowcast(self.twin.history, self.twin.as_of)

    @kept(*SOURCES)
    def index_factor(self) -> str | None:
        """Return the factor most floating balance follows, None where nothing floats or no file has it."""
        loans = self.book.loans
        floating = loans.filter(
            (loans["rate_type"] == "floating").fill_null(False) & loans["rate_index"].is_not_null()
        )
        if not floating.height:
            return None
        by_index = (
            floating.group_by("rate_index").agg(pl.col("principal").sum()).sort("principal", "rate_index")
        )
        name = str(by_index["rate_index"][-1])
        return name if name in self.history.factors else None

    @kept(*SOURCES)
    def book(self) -> Book:
        """Return the book with running contracts, floating loans' missing rates from the index history.

        A loan that is still on the book after its contractual term is given one more month. The effective
        rate of a floating loan is the current one (`risk.provisions.effective_rate.current_rate`).
        """
        twin, prime = self.twin, None
        if "prime_rate" in self.history.factors:
            values = self.history.values[:, self.history.factors.index("prime_rate")]
            prime = PrimeRate(self.history.first, values)
        book = book_at(
            twin.tables.loans, twin.tables.panel, twin.mapping, twin.as_of, prime=prime, links=twin.links
        )
        start = pl.Series(months.months_of(book.loans["origination_date"].to_numpy(), self.anchor))
        least = (self.month0 - start + 1).cast(pl.Int32)
        term = pl.when(pl.col("term_months").is_not_null()).then(pl.max_horizontal("term_months", least))
        loans = book.loans.with_columns(term.alias("term_months"))
        return replace(book, loans=with_current_rates(loans, twin.known_loans, self.history, self.anchor))

    @kept(*SOURCES)
    def columns(self) -> LoanColumns:
        """Return the loans on the book that are in a live state, as the engine reads them; maybe none.

        Raises
        ------
        ModelError : a loan without a term, a rate or an amount.
        """
        return loan_columns(self.book, self.twin.model, self.twin.mapping, self.twin.known_panel)

    @kept(*SOURCES)
    def live_ids(self) -> pl.Series:
        """Return the lender's numbers of the loans in `columns`, in their order."""
        return live_loans(self.book, self.twin.model)["loan_id"]

    def require_live(self, what: str) -> None:
        """Raise UsageError where no loan on the book is in a live state, naming what cannot be told then."""
        if not len(self.columns.principal):
            count = self.book.loans.height
            raise UsageError(
                expected(
                    f"a loan on the book that is not in default, for {what}", f"{count} loans in default"
                ),
                file=self.twin.home.folder,
            )

    @kept(*SOURCES)
    def all_columns(self) -> LoanColumns:
        """Return all loans on the book in its order; what is in default stands in the first live state."""
        in_default = pl.col("state").is_in(list(DEFAULT_STATES))
        state = pl.when(in_default).then(pl.lit("current")).otherwise(pl.col("state")).alias("state")
        return loan_columns(
            replace(self.book, loans=self.book.loans.with_columns(state)),
            self.twin.model,
            self.twin.mapping,
            self.twin.known_panel,
        )

    @property
    def mapping(self) -> TapeFormat:
        """Return the tape's format; a product class that it does not tell is that of the fit's prior."""
        prior = self.twin.model.provenance.get("settings", {}).get("prior")
        return with_class(self.twin.mapping, "" if prior is None else str(prior["name"]))

    @kept(*SOURCES)
    def secured(self) -> Flags:
        """Return which of the loans in `all_columns` property secures, (N,)."""
        return secured_loans(self.book.loans, self.mapping, self.book.collateral)

    @kept(*SOURCES)
    def secured_share(self) -> float:
        """Return the share of the book's principal that property secures."""
        weight = self.all_columns.weight * self.all_columns.principal
        return float(np.average(self.secured, weights=weight)) if weight.sum() > 0.0 else 0.0

    @kept(*SOURCES)
    def price_factor(self) -> str | None:
        """Return the price that severity of secured loans follows, None without such loans or history."""
        return price_factor(self.mapping, self.history.factors) if self.secured.any() else None

    @property
    def prices_left_out(self) -> tuple[str, ...]:
        """Return in words that collateral moves no severity, for measures whose severity is the tables'."""
        if self.price_factor is None:
            return ()
        return (
            f"severity does not follow {self.price_factor}, which moves that of the {self.secured_share:.0%} "
            "of the book that property secures in forecasts, provisions and stress",
        )

    @kept(*SOURCES)
    def notes(self) -> tuple[str, ...]:
        """Return what the model cannot tell: of the economy, and of this book."""
        first, found = self.twin.model.parameters.states[0], unknown_states(self.book, self.twin.model)
        return (
            *(() if self.twin.model.covariates else (without_covariates(self.twin),)),
            *(
                f"{count} loans in state {name} are moved as {first}: the model never saw it"
                for name, count in found.items()
            ),
        )

    @kept("tape", "model")
    def runoff(self) -> RunoffAssumptions:
        """Return what run-off assumes beyond contracts: the model's exposure, the mapping's assumptions."""
        model = self.twin.model
        return assumptions(
            partial_monthly=self.twin.mapping.number("partial_prepayment_monthly", 0.0),
            arrears_months=model.arrears_months,
            conversion_factor=model.conversion_factor,
        )

    def cells(
        self,
        economy: Economy,
        horizon: int,
        columns: LoanColumns | None = None,
        *,
        conversion_factor: float | None = None,
    ) -> Cells:
        """Return loans as cells of the engine over months 1..horizon, run off as model and format assume.

        The one rule of floating rates: contracts are laid out once, on the mean of the economy's index paths,
        so that balances are those of the mean path; each path's own index then moves its interest
        (`Economy.index_paths`). On one stated path both are that path. Where the economy has no index every
        rate stays as it is in force.

        Parameters
        ----------
        columns : the loans, default the live ones of the book; their `group` is what results are added up by.
        conversion_factor : share of undrawn amounts drawn by the time of default, None takes the model's.

        Raises
        ------
        ModelError : no loans, or an economy shorter than the horizon.
        """
        index, runoff = economy.index, self.runoff
        return build_cells(
            self.columns if columns is None else columns,
            horizon,
            index_path=None if index is None else np.ascontiguousarray(index.mean(axis=0)[:horizon]),
            partial_monthly=runoff.partial_monthly,
            arrears_months=runoff.arrears_months,
            conversion_factor=runoff.conversion_factor if conversion_factor is None else conversion_factor,
        )

    def given(
        self,
        scenario: Scenario,
        horizon: int,
        notes: tuple[str, ...] = (),
        income_support: float = 0.0,
    ) -> Economy:
        """Return a scenario over months 1..horizon; a month it lacks is an error that names it.

        Parameters
        ----------
        income_support : share of what unemployment covariates rise above the as-of month's value that does
            not reach borrowers.

        Raises
        ------
        ScenarioError : a scenario that starts after the first month, or lacks a month of the horizon.
        """
        if scenario.first > self.month0 + 1:
            wanted = (
                f"scenario {scenario.name} to start by {months.label(self.month0 + 1)} (`align` start "
                "re-dates it)"
            )
            raise ScenarioError(
                expected(wanted, f"one that starts in {months.label(scenario.first)}"),
                file=scenario.source or None,
            )
        covariates = evaluate(
            self.twin.model.covariates, scenario, self.month0 + 1, self.month0 + horizon, self.history
        )
        if income_support:
            covariates = self._supported(covariates, income_support)
        index = None
        if self.index_factor is not None and self.index_factor in scenario.factors:
            index = scenario.require(self.index_factor, self.month0 + 1, self.month0 + horizon)[None]
        prices, missing = self._prices(scenario, horizon)
        told = (*notes, *self._beyond_history(covariates, scenario.name), *missing)
        return Economy(scenario.name, covariates[None], index, told, prices=prices)

    def _prices(self, scenario: Scenario, horizon: int) -> tuple[Floats | None, tuple[str, ...]]:
        """Return prices of collateral in a scenario, and in words that it lacks them."""
        factor = self.price_factor
        if factor is None:
            words = (
                f"{scenario.name}: severity of secured loans follows no price: the macro history holds none"
            )
            return None, (words,) if self.secured.any() else ()
        first, last = self.month0 + 1, self.month0 + horizon
        try:
            return prices_beyond_trend(factor, scenario, first, last, self.history), ()
        except ScenarioError as error:
            return None, (f"{scenario.name}: severity of secured loans does not follow {factor}: {error}",)

    def _supported(self, covariates: Floats, share: float) -> Floats:
        """Return covariates (T, F) with a share taken off the rises of unemployment above today's."""
        today = self.twin.model.today
        made = covariates.copy()
        for place, covariate in enumerate(self.twin.model.covariates):
            if covariate.factor == UNEMPLOYMENT:
                made[:, place] -= share * np.maximum(covariates[:, place] - today[place], 0.0)
        return made

    def _beyond_history(self, covariates: Floats, name: str) -> tuple[str, ...]:
        """Return a warning for each covariate that a scenario drives beyond anything the history holds."""
        found = []
        limit = self.twin.model.saturation
        bent = "" if limit is None else f", bent towards {limit.cap:.3g} times the long-run default rate"
        for place, (covariate, (low, high)) in enumerate(
            zip(self.twin.model.covariates, self.covariate_ranges, strict=True)
        ):
            worst = max(covariates[:, place], key=abs)
            if worst > high or worst < low:
                found.append(
                    f"{name}: {covariate.name} reaches {worst:+.1f} standard deviations, history {low:+.1f} "
                    f"to {high:+.1f}: the model extrapolates{bent}"
                )
        return tuple(found)

    @kept("model", "date", "lags")
    def covariate_ranges(self) -> tuple[tuple[float, float], ...]:
        """Return each covariate's lowest and highest known value, standard deviations from its mean."""
        made = []
        for covariate in self.twin.model.covariates:
            first, last = known_span(covariate, self.twin.history)
            values = evaluate((covariate,), self.twin.history, first, last)
            made.append((float(values.min()), float(values.max())))
        return tuple(made)

    def simulated(self, horizon: int, paths: int, seed: int) -> Economy:
        """Return generated paths over months 1..horizon, given what was published by the as-of date."""
        generator = self.twin.generator
        first = min(generator.first, self.month0 + 1)
        drawn = simulate(generator, first, self.month0 + horizon - first + 1, paths, seed)
        covariates = evaluate(
            self.twin.model.covariates, drawn, self.month0 + 1, self.month0 + horizon, self.twin.history
        )
        index, prices = self.index_of(drawn, horizon), self.prices_of(drawn, horizon)
        return Economy(None, covariates, index, prices=prices, drawn=True)

    def prices_of(self, drawn: MacroPaths, horizon: int) -> Floats | None:
        """Return prices of collateral by path over months 1..horizon, (P, T); None if none follows them."""
        factor = self.price_factor
        if factor is None or factor not in drawn.factors:
            return None
        return prices_beyond_trend(factor, drawn, self.month0 + 1, self.month0 + horizon, self.twin.history)

    def factor_fan(self, horizon: int, seed: int) -> dict[str, tuple[Interval, ...]]:
        """Return mean and 90 % interval by month of each macro factor that the generator draws."""
        generator = self.twin.generator
        first = min(generator.first, self.month0 + 1)
        drawn = simulate(generator, first, self.month0 + horizon - first + 1, FAN_PATHS, seed)
        values = drawn.values[:, -horizon:]
        low, high = np.quantile(values, (0.05, 0.95), axis=0)
        mean = values.mean(axis=0)
        return {
            name: tuple(
                map(Interval, mean[:, place].tolist(), low[:, place].tolist(), high[:, place].tolist())
            )
            for place, name in enumerate(drawn.factors)
        }

    def index_of(self, drawn: MacroPaths, horizon: int) -> Floats | None:
        """Return the floating-rate index by path over months 1..horizon, (P, T); None if nothing floats."""
        if self.index_factor is None or self.index_factor not in drawn.factors:
            return None
        start = self.month0 + 1 - drawn.first
        return np.ascontiguousarray(
            drawn.values[:, start : start + horizon, drawn.factors.index(self.index_factor)]
        )

    def lifetime(self, scenario: Scenario, horizon: int) -> Scenario:
        """Return a scenario carried to `horizon`, reverting to the long-run mean once unsupported."""
        macro = self.twin.config.macro
        return extend(
            scenario,
            self.history,
            self.month0 + macro.supported_months,
            macro.reversion_months,
            self.month0 + horizon,
        )

    def drawn(
        self, economy: Economy, paths: int, seed: int, loans: Flags | None = None, first: int = 0
    ) -> Floats:
        """Return shocks (P, T, R) with parameter and latent uncertainty on every path.

        Parameters
        ----------
        loans : (N,) mask over the rows of `columns`: the shocks of that part of the book, errors of
            estimation weighted as its loans lie; None is all of it. The same seed draws the same economy,
            period effects and errors for every mask.
        first : number of the first path, where paths are drawn in blocks.
        """
        covariates = economy.covariates
        if len(covariates) == 1 and paths > 1:
            covariates = np.broadcast_to(covariates, (paths, *covariates.shape[1:]))
        months_ahead = covariates.shape[1]
        model = self.twin.model
        if loans is None:
            exposure = self.exposure(months_ahead)
        else:
            exposure = exposure_of(model, take(self.columns, loans), months_ahead)
        return np.ascontiguousarray(draw_shocks(model, covariates, seed, exposure=exposure, first=first))

    def exposure(self, horizon: int) -> Directions:
        """Return where the book's errors of estimation weigh, over months 1..horizon."""
        return self.store.get(
            "outlook.exposure",
            SOURCES,
            lambda: exposure_of(self.twin.model, self.columns, horizon),
            horizon,
        )

    def expected(self, economy: Economy) -> Floats:
        """Return shocks (P, T, R) with the expected period effect, for measures that are expectations."""
        return np.stack([mean_shocks(self.twin.model, path) for path in economy.covariates])


def without_covariates(twin: Twin) -> str:
    """Return in words what a model without macro covariates rests on."""
    why = "" if twin.macro_sources else ": it was fitted without a macro file"
    return (
        f"the model has no macro covariates{why}; the period effect alone carries the economy, from where it "
        "stands back to its long-run level"
    )


def check_macro(twin: Twin, asked: Sequence[object], field: str) -> None:
    """Raise UsageError, naming what was asked for, where a twin knows of no economy that could answer it."""
    if asked and not twin.macro_sources:
        raise UsageError(
            f"expected a model with macro covariates for {', '.join(map(str, asked))}, was one fitted "
            "without a macro file, which no scenario moves; fit again: fit --macro FILE",
            file=twin.home.folder,
            field=field,
        )


def read_scenarios(
    twin: Twin, scenarios: Scenarios, align: str | None, history: Histories = ()
) -> list[GivenScenario]:
    """Return named scenarios, one text or several, re-dated to the as-of date if `align` is "start".

    Parameters
    ----------
    history : files named as the scenarios' history: what they are measured against where their own file has
        no row before them (`macro.jump_off`).

    Raises
    ------
    UsageError : another `align`, or one without scenarios, `history` too; scenarios of a twin that was fitted
        without macro files. ScenarioError : a file or name that is not there; a factor that the model reads
        and that could not be re-dated.
    """
    texts = [scenarios] if isinstance(scenarios, str | Path) else list(scenarios)
    named = [history] if isinstance(history, str | Path) else list(history)
    check_macro(twin, texts, "scenarios")
    redate = None if align is None else choice(align, ("start",), "align")
    if redate is not None and not texts:
        raise UsageError(expected("`align` with `scenarios`", "no scenario"), field="align")
    if named and not texts:
        raise UsageError(expected("`history` with `scenarios`", "no scenario"), field="history")
    parsed = [parse_argument(str(text)) for text in texts]
    past = [read_macro(path) for path in named]
    found = [_aligned(twin, argument, redate, past) for argument in parsed]
    names = result_names(parsed, [item.scenario for item in found])
    return [replace(item, name=name) for item, name in zip(found, names, strict=True)]


def _aligned(
    twin: Twin, argument: ScenarioArgument, alignment: str | None, past: Sequence[MacroSource]
) -> GivenScenario:
    scenario, source = select(argument, twin.macro_sources, past)
    notes: tuple[str, ...] = ()
    if alignment == "start":
        lags = twin.config.macro
        scenario, report = redated(
            scenario,
            twin.macro_sources,
            twin.as_of,
            own=source,
            histories=past,
            monthly_lag=lags.monthly_lag,
            quarterly_lag=lags.quarterly_lag,
        )
        _check_read(twin, report)
        notes = alignment_notes(report)
    return GivenScenario(scenario.name, scenario, argument.weight, notes)


def _check_read(twin: Twin, report: Alignment) -> None:
    """Raise ScenarioError where re-dating dropped a factor that the model reads."""
    read = {part for item in twin.model.covariates for part in (item.factor, *DERIVED.get(item.factor, ()))}
    for factor, why in report.dropped.items():
        if factor in read:
            raise ScenarioError(
                f"expected {factor}, which the model reads, in {report.scenario}, was left out: {why}; name "
                "the file that the scenario was published with by `history`",
                field=factor,
            )


def alignment_notes(report: Alignment) -> tuple[str, ...]:
    """Return what re-dating did, in words."""
    first = (
        f"{report.scenario}: re-dated to {report.first}, measured against {report.jump_off} of "
        f"{report.jump_off_file}"
    )
    dropped = [f"{report.scenario}: {factor} left out, {why}" for factor, why in report.dropped.items()]
    floored = [
        f"{report.scenario}: {factor} held at 0 in {', '.join(held)}"
        for factor, held in report.floored.items()
    ]
    return (first, *dropped, *floored, *report.warnings)
