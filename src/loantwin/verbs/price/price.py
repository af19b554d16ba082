"""`price`: what applications must pay for funding, risk, capital and costs, what is left, and best offers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl

from loantwin import config as configuration
from loantwin.arrays import Floats
from loantwin.decisions.application_file import checked, read_applications
from loantwin.decisions.deciding.lawful import law_of
from loantwin.decisions.graph_policy import GraphPolicy, open_policy
from loantwin.decisions.offers.fitted import Levers, read_levers
from loantwin.decisions.pricing.costs import CostLine, cost_lines
from loantwin.decisions.pricing.effects import PriceEffects, price_effects
from loantwin.decisions.pricing.offer_grid import OfferGrid, read_grid
from loantwin.decisions.profiles import LegalRule
from loantwin.errors import UsageError, expected
from loantwin.outlook.asked import Asked, asked, score_to_price
from loantwin.outlook.drawn_prices import Drawn
from loantwin.outlook.offered import Offered
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.priced import Pricer
from loantwin.results.rows_file import check_out
from loantwin.twin import Twin, opened
from loantwin.types import Progress, Result, silent, stretch
from loantwin.verbs.price.choosing import WITH_FRONTIER, Choice
from loantwin.verbs.price.offer_rows import OffersMade
from loantwin.verbs.price.out import write_prices
from loantwin.verbs.price.rows import EffectLine, PartLine, Price
from loantwin.verbs.price.valuing import Table, parts_of_all, prices, valued

Applications = Path | str | pl.DataFrame | Sequence[Mapping[str, Any]]
PATHS = 200


@dataclass(frozen=True)
class Priced(Result):
    """The price of applications.

    priced : applications with a figure. score : by which risk is told, None without one. funding : in words,
    what money costs. parts : of all applications that ask for a rate. economic_profit : their sum. costs :
    the settings counted, each stated or assumed. effects : of price, empty where none are counted. prices :
    in the order of the applications. offers : the best ones, None without a grid. file : where all prices
    were written, None where not asked for.
    """

    SCHEMA: ClassVar[str] = "loantwin.price/1"

    as_of: dt.date
    currency: str
    applications: int
    priced: int
    score: str | None
    paths: int
    funding: str
    parts: tuple[PartLine, ...]
    verdicts: Mapping[str, int]
    costs: tuple[CostLine, ...]
    effects: tuple[EffectLine, ...]
    prices: tuple[Price, ...]
    offers: OffersMade | None
    file: str | None
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def price(
    applications: Applications,
    *,
    twin: Twin | Path | str,
    model: Path | str | None = None,
    levers: Path | str | Levers | None = None,
    offers: Path | str | OfferGrid | None = None,
    policy: Path | str | GraphPolicy | None = None,
    profile: Sequence[str] = (),
    on: dt.date | None = None,
    paths: int = PATHS,
    seed: int | None = None,
    out: Path | str | None = None,
    progress: Progress = silent,
) -> Priced:
    """Return the price of applications from its parts, as the twin sees their lives.

    Parameters
    ----------
    applications : a file as `loantwin schema application` says (JSON lines, JSON, CSV, Parquet), a frame of
        them, or a list of mappings. twin : a fitted twin, or its folder. model : the score, as of `decide`;
        None takes the one that the twin was fitted with. levers : a file of `levers fit`: what price does to
        take-up, size and arrears; None takes risk as it is whatever the rate. offers : a grid of offers, of
        which the best is chosen for each; effects of price are then assumed where no levers tell them.
        policy : a decision graph that offers must be approved by. profile : us, eu, cn, whose rules of law
        offers keep: caps on the all-in rate, beside the grid's own, and what must be known. on : its day,
        for applications without one. paths : drawn ones, which intervals are of. seed : of the draws,
        default the twin's setting. out : a file for all prices,
        .jsonl, .csv or .parquet.

    Raises
    ------
    UsageError, TapeError : no applications, fewer than 2 paths, another score than the twin's; file, row and
    field are named. ConfigError : no file of levers, a funding curve of another form. ModelError : a column
    of the score that is not there.
    """
    target = check_out(out)
    if paths < 2:
        raise UsageError(expected("at least 2 paths", paths), field="paths")
    frame, file = _frame(applications), applications if isinstance(applications, Path | str) else None
    told = read_levers(levers) if isinstance(levers, Path | str) else levers
    grid = read_grid(offers) if isinstance(offers, Path | str) else offers
    rules = open_policy(policy) if isinstance(policy, Path | str) else policy
    law = law_of(profile)
    if law is not None and grid is None:
        raise UsageError(expected("a grid of offers that rules of law are held to", "none"), field="offers")
    if rules is not None and grid is None:
        raise UsageError(expected("a grid of offers that the policy is asked about", "none"), field="offers")
    with opened(twin) as twin:
        outlook = Outlook(twin)
        use, said = score_to_price(outlook, None if model is None else str(model))
        progress(0.05, "reading applications")
        found = asked(outlook, frame, use, file)
        draw = twin.config.run.seed if seed is None else seed
        effects = None if told is None else price_effects(told, paths, np.random.default_rng(draw))
        pricer = Pricer(outlook, int(found.apps.term.max()) if len(found.rows) else 1)
        table = valued(pricer, found, effects, paths, draw, stretch(progress, 0.05, 0.6))
        made = prices(table, frame)
        chosen = None
        if grid is not None:
            progress(0.6, "offers")
            offered = effects or price_effects(None)
            longest = max(pricer.horizon, *grid.terms)
            reach = Pricer(outlook, longest)
            drawn = Drawn(reach, paths, draw, offered if told is not None else None)
            legal = () if law is None else law.rules
            choice = Choice(Offered(reach, grid, offered, legal, on), found, rules, use, on)
            chosen = choice.offers_made(drawn if len(found.rows) <= WITH_FRONTIER else None)
        if target is not None:
            write_prices(made, target, twin.provenance())
        return Priced(
            as_of=twin.as_of,
            currency=twin.currency,
            applications=len(frame),
            priced=len(found.rows),
            score=None if use is None else f"{use.name} ({use.id})",
            paths=paths,
            funding=pricer.curve.words,
            parts=parts_of_all(table),
            verdicts=_verdicts(made),
            costs=cost_lines(twin.config.pricing, _settings(twin)),
            effects=()
            if effects is None and chosen is None
            else effect_lines(effects or price_effects(None)),
            prices=made,
            offers=chosen,
            file=None if target is None else str(target),
            notes=(
                *said,
                *found.apps.said,
                *_notes(table, found, effects, () if grid is None else grid.rates),
                *(() if grid is None or chosen is None else _ends(chosen, grid.rates)),
                *(() if law is None else kept(law.rules)),
            ),
            provenance={
                **twin.provenance(),
                "levers": None if told is None else told.sha256,
                "model_hash": None if use is None else use.hash or None,
            },
        )


def kept(rules: Sequence[LegalRule]) -> tuple[str, ...]:
    """Return in words which rules of law offers keep, with their sources."""
    return tuple(
        f"rule of law kept: {rule.article}, {rule.source}" for rule in rules if rule.needs or rule.field
    )


def _frame(applications: Applications) -> pl.DataFrame:
    if isinstance(applications, Path | str):
        return read_applications(applications)
    made = (
        applications
        if isinstance(applications, pl.DataFrame)
        else pl.DataFrame(list(applications), infer_schema_length=None)
    )
    if not len(made):
        raise UsageError(expected("at least one application", "none"), field="applications")
    return checked(made)


def _settings(twin: Twin) -> tuple[configuration.Setting, ...]:
    return configuration.load(twin.home.folder / "twin.toml")[1]


def _verdicts(made: Sequence[Price]) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in made:
        if item.verdict is not None:
            found[item.verdict] = found.get(item.verdict, 0) + 1
    return dict(sorted(found.items()))


def effect_lines(effects: PriceEffects) -> tuple[EffectLine, ...]:
    """Return the effects of price by percentage point of annual rate."""
    named = {
        "take_up": effects.take_up_slope, "size": effects.size_slope, "arrears": effects.odds_slope,
    }  # fmt: skip
    return tuple(_effect(name, values / 100.0, effects.basis[name]) for name, values in named.items())


def _effect(name: str, values: Floats, basis: str) -> EffectLine:
    drawn = values[1:]
    if basis == "assumed" or not len(drawn):
        return EffectLine(name, float(values[0]), None, None, basis)
    low, high = np.quantile(drawn, (0.05, 0.95))
    return EffectLine(name, float(values[0]), float(low), float(high), basis)


def _notes(
    table: Table, found: Asked, effects: PriceEffects | None, rates: tuple[float, ...]
) -> tuple[str, ...]:
    said = [
        "loans are lent on the twin's as-of date at a fixed rate; profit is worth that day, discounted at "
        "each loan's transfer rate",
        "equity follows the balance at the risk weight of today's PD: that of later ratings is not foreseen",
    ]
    missing = int(np.isnan(found.given).sum())
    if missing:
        said.append(
            f"applications without a rate, {missing:,}: break-evens are shown, at the risk of the twin's own "
            "loans"
        )
    if effects is None:
        said.append("risk is taken not to move with the price: no levers were given (--levers FILE)")
    elif np.isfinite(effects.low):
        asked_for = table.kinds.annual_rate
        beyond = int(((asked_for < effects.low) | (asked_for > effects.high)).sum())
        if beyond:
            said.append(
                f"{beyond:,} applications ask for rates outside {effects.low:.1%} to {effects.high:.1%} a "
                "year, which the levers were fitted on: effects are carried on from there (assumed)"
            )
        beyond = sum(not effects.low <= rate <= effects.high for rate in rates)
        if beyond:
            said.append(
                f"{beyond:,} of the grid's {len(rates):,} rates lie outside {effects.low:.1%} to "
                f"{effects.high:.1%} a year, which the levers were fitted on: which rate is best is not "
                "shown, but carried on from there"
            )
    if high := int((found.given > 1.0).sum()):
        said.append(
            f"{high:,} applications ask for more than 100 % a year: rates are decimals, 12 % a year is 0.12"
        )
    none = int(np.isnan(table.break_even_rate).sum())
    if none:
        said.append(f"{none:,} applications have no break-even rate up to 300 % a year")
    return tuple(said)


def _ends(made: OffersMade, rates: tuple[float, ...]) -> tuple[str, ...]:
    """Return what to know of best offers at the highest rate of a grid: no cost of it stops them there."""
    rows = [item for item in made.rows if item.best is not None]
    top = sum(item.best.annual_rate == max(rates) for item in rows if item.best is not None)
    if len(rates) < 2 or not top:
        return ()
    return (
        f"{top:,} of {len(rows):,} best offers stand at the grid's highest rate, {max(rates):.2%}: the "
        "grid's end, a limit or the policy sets the price there, not what is lost in take-up and risk; a "
        "higher rate was not looked at, and that this one is best is not shown",
    )
