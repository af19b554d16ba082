"""National options: a country's tables of risk weights, factors, minima and limits, read from TOML."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.errors import RiskError, UsageError, expected, unknown
from loantwin.files import parse_toml, read_text
from loantwin.risk.capital.national import National, PropertyValue, read_national, read_property_value
from loantwin.risk.capital.options_reader import OptionsReader
from loantwin.risk.capital.paragraphs import Numbers, WeightRule, rule_of

BUILT_IN = ("basel", "united-states", "china", "european-union", "united-kingdom")
"""Options that come with the program; any other name is a file."""
RATINGS = ("aaa_aa", "a", "bbb", "bb", "b", "below_b", "unrated")
"""AAA to AA-, A+ to A-, BBB+ to BBB-, BB+ to BB-, B+ to B-, below B-, unrated."""
COUNTERPARTY = -1.0
"""Stands in a table for the weight of the counterparty."""


@dataclass(frozen=True)
class RiskWeight(WeightRule):
    """One exposure class of the standardised approach, weights decimal.

    by_rating, short_term : one for each of `RATINGS`, NaN where the class has none; a class of one weight
        repeats it.
    bounds, bands : LTV bounds (B,) and weights (B + 1,), the last above the last bound; `COUNTERPARTY` takes
        that weight, and a class that has it somewhere never exceeds it. Empty where LTV does not matter.
    split : share of the property's value and its weight under loan splitting, or None. always_split : there
        is no whole-loan table, every loan is split.
    """

    by_rating: Floats
    short_term: Floats
    bounds: Floats
    bands: Floats
    split: tuple[float, float] | None
    split_paragraph: str
    always_split: bool

    @property
    def reads_ltv(self) -> bool:
        """Return whether the loan-to-value ratio decides."""
        return len(self.bounds) > 0 or self.always_split

    @property
    def of_counterparty(self) -> bool:
        """Return whether the counterparty's weight caps or replaces the table's."""
        return bool((self.bands == COUNTERPARTY).any())


@dataclass(frozen=True)
class Defaulted(WeightRule):
    """Weights of defaulted exposures: `below` with specific provisions below the share, else `otherwise`.

    net_of_provisions : whether exposures are weighted after specific provisions (CRE20.1) or as they stand in
        the books.
    """

    provision_share: float
    below: float
    otherwise: float
    residential: float
    net_of_provisions: bool


@dataclass(frozen=True)
class CurrencyMismatch(WeightRule):
    """Multiplier and cap of the weight of the named classes."""

    multiplier: float
    cap: float
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Guarantee(Numbers):
    """Weights of a covered part by the kind of guarantee, and the kind that is taken where none is stated.

    A weight of NaN: a guarantee of that kind is no credit protection and gives no relief.
    """

    default: str


@dataclass(frozen=True)
class Irb(WeightRule):
    """Which internal approaches are allowed, and the factor on their risk-weighted assets."""

    approaches: tuple[str, ...]
    scaling: float


@dataclass(frozen=True)
class Buffer(WeightRule):
    """Conservation buffer and what may be paid out: (Q, 2) share of the buffer met, of earnings."""

    conservation: float
    payout: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class OutputFloor(WeightRule):
    """Share of standardised risk-weighted assets by year; the last year holds from then on."""

    by_year: Mapping[int, float]

    def of(self, year: int | None) -> tuple[float, str]:
        """Return the share of a year, and in words which; a year before the first takes the final share."""
        last = max(self.by_year)
        if year is None or year < min(self.by_year):
            return self.by_year[last], f"fully phased in ({100 * self.by_year[last]:g} %)"
        chosen = max(start for start in self.by_year if start <= year)
        return self.by_year[chosen], f"of {year} ({100 * self.by_year[chosen]:g} %)"


@dataclass(frozen=True)
class Options:
    """The rules of one country. `currency` is that of the amounts in the file; in_force : first and last day,
    None for a set that still holds."""

    name: str
    title: str
    status: str
    currency: str
    in_force: tuple[dt.date, dt.date | None]
    notes: tuple[str, ...]
    weights: Mapping[str, RiskWeight]
    defaulted: Defaulted
    currency_mismatch: CurrencyMismatch | None
    conversion: Numbers
    guarantee: Guarantee
    retail: Numbers
    irb: Irb
    minimum: Numbers
    buffer: Buffer
    output_floor: OutputFloor | None
    large_exposure: Numbers
    property_value: PropertyValue
    national: National
    sha256: str = ""
    """Of the file, for provenance."""

    def holds(self, day: dt.date) -> bool:
        """Return whether the rules are in force on a day."""
        first, last = self.in_force
        return first <= day and (last is None or day <= last)

    @property
    def period(self) -> str:
        """Return in words when the rules are in force."""
        first, last = self.in_force
        return f"in force from {first}" + ("" if last is None else f" to {last}")

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Return the names of the exposure classes, in the order of their codes."""
        return tuple(self.weights)

    def weight(self, name: str) -> RiskWeight:
        """Return a class by its name; RiskError lists what these options know."""
        if name not in self.weights:
            raise RiskError(
                expected(f"an exposure class of options {self.name}: " + ", ".join(self.weights), name),
                field="exposure_class",
            )
        return self.weights[name]


def load_options(name: str = "basel") -> Options:
    """Return built-in options by name, or those of a TOML file.

    Raises
    ------
    RiskError : no such options, or a file with an unknown key, a missing one, or a value out of range.
    """
    check.word(name=name)
    known = {item.casefold(): item for item in BUILT_IN}
    name = known.get(name.casefold(), name)
    if name in BUILT_IN:
        return _parsed((files(__package__) / "options" / f"{name}.toml").read_text("utf-8"), None)
    path = Path(name)
    if not path.exists():
        raise RiskError(unknown(name, BUILT_IN) + "; or a TOML file of options", field="options")
    return _parsed(read_text(path, "TOML file of options", RiskError, "options"), path)


def check_in_force(options: Options, day: dt.date, *, any_date: bool) -> str | None:
    """Return None for rules in force on a day, else a note that they are used all the same.

    Raises
    ------
    UsageError : rules not in force on that day and not asked for at any date.
    """
    check.kind(Options, options=options)
    check.kind(dt.date, day=day)
    check.flag(any_date=any_date)
    if options.holds(day):
        return None
    if not any_date:
        others = [name for name in BUILT_IN if load_options(name).holds(day)]
        instead = "in force then: " + (", ".join(others) if others else "none that is built in")
        raise UsageError(
            expected(
                f"options in force on {day} ({instead}), or --any-date to use others all the same",
                f"{options.name}, {options.period}",
            ),
            field="options",
        )
    return f"options {options.name} are {options.period}, and were asked for as of {day} all the same"


@lru_cache(maxsize=8)
def _parsed(text: str, path: Path | None) -> Options:
    """Return the options of a file by what it says: an edit is seen, whatever the clock of the disk tells."""
    made = _options(OptionsReader(parse_toml(text, path, "options", RiskError), path))
    return replace(made, sha256=sha256(text.encode()).hexdigest())


def _options(read: OptionsReader) -> Options:
    return Options(
        name=read.text("name"),
        title=read.text("title"),
        status=read.text("status"),
        currency=read.text("currency"),
        in_force=read.dates("in_force"),
        notes=read.texts("notes"),
        weights={name: _weight(read.section("weight", name)) for name in read.names("weight")},
        defaulted=_defaulted(read.section("defaulted")),
        currency_mismatch=_mismatch(read.section("currency_mismatch"))
        if read.has("currency_mismatch")
        else None,
        conversion=_numbers(read.section("conversion"), 0.0, 1.0),
        guarantee=_guarantee(read.section("guarantee")),
        retail=_numbers(read.section("retail"), 0.0, math.inf),
        irb=_irb(read.section("irb")),
        minimum=_numbers(read.section("minimum"), 0.0, 1.0),
        buffer=_buffer(read.section("buffer")),
        output_floor=_output_floor(read.section("output_floor")) if read.has("output_floor") else None,
        large_exposure=_numbers(read.section("large_exposure"), 0.0, 1.0),
        property_value=read_property_value(read.section("property_value")),
        national=read_national(read),
        **read.done(),
    )


def _weight(read: OptionsReader) -> RiskWeight:
    rule = rule_of(read)
    rated = np.full(len(RATINGS), read.number("flat", 0.0, 12.5) if read.has("flat") else math.nan)
    if read.has("by_rating"):
        rated = _by_rating(read, "by_rating")
    short = rated
    if read.has("short_term"):
        short = (
            np.full(len(RATINGS), read.number("short_term", 0.0, 12.5))
            if read.is_number("short_term")
            else _by_rating(read, "short_term")
        )
    pairs = read.pairs("by_ltv", 12.5) if read.has("by_ltv") else ()
    above = np.zeros(0)
    if read.has("above"):
        above = np.array(
            [COUNTERPARTY if read.value("above") == "counterparty" else read.number("above", 0.0, 12.5)]
        )
    if (len(above) == 0) == bool(np.isnan(rated).all()) and len(pairs) == 0:
        read.refuse("one of flat, by_rating, by_ltv with above, or above alone", "none or several")
    split = read.numbers("split", 2) if read.has("split") else None
    made = RiskWeight(
        **rule,
        by_rating=rated,
        short_term=short,
        bounds=np.array([bound for bound, _ in pairs]),
        bands=np.concatenate([np.array([weight for _, weight in pairs]), above]),
        split=None if split is None else (split[0], split[1]),
        split_paragraph=read.text("split_paragraph") if split is not None else "",
        always_split=split is not None and read.has("always_split") and read.flag("always_split"),
    )
    read.done()
    return made


def _by_rating(read: OptionsReader, key: str) -> Floats:
    inner = read.inner(key)
    made = np.array([inner.number(name, 0.0, 12.5) if inner.has(name) else math.nan for name in RATINGS])
    inner.done()
    return made


def _defaulted(read: OptionsReader) -> Defaulted:
    return Defaulted(
        **rule_of(read),
        provision_share=read.number("provision_share", 0.0, 1.0),
        below=read.number("below", 0.0, 12.5),
        otherwise=read.number("otherwise", 0.0, 12.5),
        residential=read.number("residential", 0.0, 12.5),
        net_of_provisions=read.flag("net_of_provisions"),
        **read.done(),
    )


def _mismatch(read: OptionsReader) -> CurrencyMismatch:
    return CurrencyMismatch(
        **rule_of(read),
        multiplier=read.number("multiplier", 1.0, 10.0),
        cap=read.number("cap", 0.0, 12.5),
        classes=read.texts("classes"),
        **read.done(),
    )


def _numbers(read: OptionsReader, low: float, high: float) -> Numbers:
    rule = rule_of(read)
    return Numbers(**rule, values={name: read.number(name, low, high) for name in read.rest()}, **read.done())


def _guarantee(read: OptionsReader) -> Guarantee:
    rule, default = rule_of(read), read.text("default")
    values = {
        name: math.nan
        if read.has(name) and not read.is_number(name) and read.text(name) == "none"
        else read.number(name, 0.0, 12.5)
        for name in read.rest()
    }
    if default not in values:
        read.refuse("a default that is one of " + ", ".join(values), default)
    return Guarantee(**rule, values=values, default=default, **read.done())


def _irb(read: OptionsReader) -> Irb:
    return Irb(
        **rule_of(read),
        approaches=read.texts("approaches"),
        scaling=read.number("scaling", 0.0, 10.0),
        **read.done(),
    )


def _buffer(read: OptionsReader) -> Buffer:
    return Buffer(
        **rule_of(read),
        conservation=read.number("conservation", 0.0, 1.0),
        payout=read.pairs("payout", 1.0),
        **read.done(),
    )


def _output_floor(read: OptionsReader) -> OutputFloor:
    rule, inner = rule_of(read), read.inner("by_year")
    years = {int(name): inner.number(name, 0.0, 1.0) for name in inner.rest()}
    if not years:
        inner.refuse("at least one year", "none")
    return OutputFloor(**rule, by_year=years, **read.done())
