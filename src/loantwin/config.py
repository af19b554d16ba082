"""Configuration: frozen dataclasses with one origin for each value. The only file that reads the environment.

A value comes from, in rising order: the defaults below, the twin's file (`twin.toml`), environment variables
(`LOANTWIN_SECTION_KEY`, for instance `LOANTWIN_RUN_PATHS=500`), and arguments of the call (`chosen`).
"""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from loantwin.errors import ConfigError, expected


@dataclass(frozen=True)
class Run:
    """How much is computed."""

    months: int = 36
    """Horizon of forecasts, months."""
    paths: int = 2000
    """Number of simulated paths."""
    seed: int = 20_260_101
    """Seed of every random draw."""
    threads: int = 0
    """Threads of parallel kernels; 0 takes all."""


@dataclass(frozen=True)
class Macro:
    """How macro series are used."""

    monthly_lag: int = 1
    """Publication lag of monthly series, months."""
    quarterly_lag: int = 3
    """Publication lag of quarterly series, months."""
    supported_months: int = 24
    """Reasonable-and-supportable period of lifetime measures, months."""
    reversion_months: int = 24
    """Months over which IFRS 9 factors revert to their long-run mean."""


@dataclass(frozen=True)
class Economics:
    """Costs and assumptions of the lender, decimals a year."""

    funding_annual_rate: float = 0.03
    """Cost of funding the balance."""
    servicing_annual_rate: float = 0.005
    """Cost of servicing the balance."""


@dataclass(frozen=True)
class Funding:
    """How funding follows a scenario of a stress test: a ladder, an equal part of it due each month."""

    short_rate: str = "treasury_3m"
    """Macro factor it reprices to; a scenario without it leaves `economics.funding_annual_rate`."""
    tenor_months: int = 12
    """Months for which a part of the funding is fixed; 1 reprices all of it every month."""
    spread: float = 0.012
    """Above the short rate, and above `curve`, decimal a year."""
    curve: str = ""
    """Annual rate by tenor, as "3m 0.031, 1y 0.034, 5y 0.039"; empty: `economics.funding_annual_rate`."""


@dataclass(frozen=True)
class Pricing:
    """What a price counts beside funding and risk; each assumed until the lender states its own."""

    hurdle_rate: float = 0.11
    """Return that equity asks for, after tax, decimal a year."""
    capital_ratio: float = 0.105
    """Equity held, decimal of risk-weighted assets."""
    capital_rule: str = "irb"
    """Risk weights: irb (the twin's own PD and loss) or standardised."""
    tax_rate: float = 0.25
    """Tax on profit, decimal; a loss gets it back."""
    acquisition_rate: float = 0.02
    """Cost of winning a loan, decimal of its amount."""
    acquisition_cost: float = 0.0
    """The same, money a loan."""
    offer_cost: float = 0.0
    """Cost of making an offer, taken up or not, money."""
    monthly_cost: float = 0.0
    """Cost of a live loan, money a month, beside `economics.servicing_annual_rate`."""
    origination_fee: float = 0.0
    """Paid by the borrower on the first day, decimal of the amount."""
    prepayment_cost: float = 0.005
    """Cost of what is repaid early, decimal of it: funding broken, less what the borrower pays for it."""
    take_up: float = 0.5
    """Share of offers taken up at what was asked for, at the rate the twin's loans pay."""
    take_up_amount: float = 1.0
    """Fall of the log-odds of take-up where 1/e of the amount asked for is offered."""
    take_up_payment: float = 0.5
    """Fall of the log-odds of take-up where the payment is e times that of what was asked for."""
    source: str = ""
    """Where the lender's own figures in this part come from, in words."""


@dataclass(frozen=True)
class Ifrs9:
    """Significant increase in credit risk and default (IFRS 9 5.5.3 to 5.5.11, B5.5.37)."""

    lifetime_pd_ratio: float = 2.0
    """Stage 2 where lifetime PD is at least this many times the PD at origination ..."""
    lifetime_pd_difference: float = 0.005
    """... and exceeds it by at least this decimal."""
    lifetime_pd_backstop: float = 0.0
    """Stage 2 where lifetime PD is at least this many times that at recognition, whatever the difference; 0:
    off."""
    tape_origination_pd: bool = False
    """True where the tape's PD at origination, mapped to the twin's scale, is the risk at recognition."""
    backstop_days: int = 30
    """Stage 2 beyond this many days past due, whatever the PD."""
    default_days: int = 90
    """Stage 3 from this many days past due."""
    default_probation_months: int = 3
    """A loan stays in stage 3 for this many months after it has left default, where its history tells ..."""
    return_probation_months: int = 3
    """... and then in stage 2 for this many."""
    behavioural_months: int = 0
    """Months over which losses of revolving lines are measured; 0 takes the contractual end."""
    substantial_modification: float = 0.1
    """A modification that changes the present value by at least this decimal replaces the loan."""


@dataclass(frozen=True)
class Cecl:
    """Reversion to historical loss information and discounting (ASC 326-20-30-4, 30-9)."""

    reversion_form: str = "straight_line"
    """How inputs revert after the supported period: straight_line or at_once."""
    reversion_months: int = 12
    """Months over which they do, in a straight line."""
    discounted: bool = False
    """True where losses are present values at the effective interest rate."""
    history_months: int = 60
    """Months of history from which loss rates, vintages and roll rates are taken."""


@dataclass(frozen=True)
class Loss:
    """What models of portfolio losses assume (`loss --model`)."""

    sectors: str = "segment"
    """What shares a factor: none, segment or product."""
    correlation: str = "implied"
    """implied by the twin's paths, latent (its latent process alone), or an asset correlation as a
    decimal.
    """
    correlation_floor: float = 0.0
    """Least asset correlation of a sector where it is implied or latent; 0 sets none, below 1."""
    degrees_of_freedom: float = 5.0
    """Of the t copula; above 2."""
    lgd: str = "constant"
    """constant, or frye-jacobs: loss given default that rises with the default rate."""


@dataclass(frozen=True)
class Pages:
    """What pages say of themselves; no figure follows it."""

    lender: str = ""
    """The lender's name on every page; empty takes the name of the twin's folder."""
    language: str = "en"
    """Language of tables and pages: en (English), zh (Chinese), or en,zh and zh,en: pages hold both."""


@dataclass(frozen=True)
class Config:
    """All settings of a twin."""

    run: Run = field(default_factory=Run)
    macro: Macro = field(default_factory=Macro)
    economics: Economics = field(default_factory=Economics)
    funding: Funding = field(default_factory=Funding)
    pricing: Pricing = field(default_factory=Pricing)
    ifrs9: Ifrs9 = field(default_factory=Ifrs9)
    loss: Loss = field(default_factory=Loss)
    cecl: Cecl = field(default_factory=Cecl)
    pages: Pages = field(default_factory=Pages)


FILE_KEYS = ("format", "config")
"""What `twin.toml` may hold."""

LEAST = {
    "run.months": 1,
    "run.paths": 1,
    "macro.supported_months": 1,
    "funding.tenor_months": 1,
    "ifrs9.default_days": 1,
    "cecl.history_months": 12,
}
"""Settings whose least value is not 0."""

NO_FIGURE = ("run.threads", "pricing.source", "pages.lender", "pages.language")
"""Settings that no figure follows."""

MOST = 1e12

BELOW_ONE = (
    "pricing.tax_rate",
    "pricing.acquisition_rate",
    "pricing.origination_fee",
    "pricing.prepayment_cost",
    "pricing.take_up",
)
"""Settings that are shares, below 1."""

CHOICES = {
    "pricing.capital_rule": ("irb", "standardised"),
    "cecl.reversion_form": ("straight_line", "at_once"),
    "pages.language": ("en", "zh", "en,zh", "zh,en"),
}
"""Words that a setting may be."""


@dataclass(frozen=True)
class Setting:
    """One value and where it came from."""

    name: str
    value: object
    origin: str


def chosen(
    config: Config,
    *,
    months: int | None = None,
    paths: int | None = None,
    seed: int | None = None,
    supported_months: int | None = None,
    sectors: str | None = None,
    correlation: str | None = None,
    correlation_floor: float | None = None,
    degrees_of_freedom: float | None = None,
    lgd: str | None = None,
) -> Config:
    """Return the configuration with what a caller asked for; None leaves a value as it is.

    Raises
    ------
    ConfigError : a value of the wrong type or out of range, named by its argument.
    """
    return replace(
        config,
        run=_replaced(config.run, "run", months=months, paths=paths, seed=seed),
        macro=_replaced(config.macro, "macro", supported_months=supported_months),
        loss=_replaced(
            config.loss,
            "loss",
            sectors=sectors,
            correlation=correlation,
            correlation_floor=correlation_floor,
            degrees_of_freedom=degrees_of_freedom,
            lgd=lgd,
        ),
    )


def load(
    file: Path | None = None, env: Mapping[str, str] | None = None
) -> tuple[Config, tuple[Setting, ...]]:
    """Return the configuration and, for each value, its origin.

    Parameters
    ----------
    file : the twin's `twin.toml`, or None. Its table `[config]` holds the sections.
    env : environment variables, default the process's own.

    Raises
    ------
    ConfigError : unknown section or key, or a value of the wrong type.
    """
    values: dict[str, tuple[object, str]] = {name: (value, "default") for name, value in _flat(Config())}
    for name, value in _file_values(file):
        values[name] = (_checked(name, value, values, file), str(file))
    for variable, text in (os.environ if env is None else env).items():
        known = _variable_name(variable, values)
        if known is not None:
            values[known] = (
                _checked(known, _parsed(text, values[known][0], variable), values, variable),
                variable,
            )
    settings = tuple(Setting(name, value, origin) for name, (value, origin) in values.items())
    return _built(values), settings


def settings_of(config: Config) -> dict[str, object]:
    """Return every setting that figures follow, by name, for a result's provenance.

    The number of threads is none of them, nor are the lender's name and the language: they change no bit.
    """
    return {name: value for name, value in _flat(config) if name not in NO_FIGURE}


def restored(settings: Mapping[str, object], origin: object = None) -> Config:
    """Return the configuration whose `settings_of` are these; what they do not name is at its default.

    Raises
    ------
    ConfigError : unknown section or key, or a value of the wrong type.
    """
    values: dict[str, tuple[object, str]] = {name: (value, "default") for name, value in _flat(Config())}
    for name, value in settings.items():
        values[name] = (_checked(name, value, values, origin), str(origin))
    return _built(values)


def cache_folder() -> Path | None:
    """Return a writable folder for compiled kernels (`LOANTWIN_CACHE_DIR`, else the user's), or None."""
    home = os.environ.get("XDG_CACHE_HOME") or (
        os.path.join(os.environ["HOME"], ".cache") if "HOME" in os.environ else None
    )
    for candidate in (os.environ.get("LOANTWIN_CACHE_DIR"), home and os.path.join(home, "loantwin")):
        if candidate and _writable(Path(candidate)):
            return Path(candidate)
    return None


def thread_count() -> int:
    """Return the configured number of threads, 0 meaning all."""
    return load()[0].run.threads


Section = TypeVar("Section", Run, Macro, Loss)


def _replaced(section: Section, name: str, **given: object) -> Section:
    known = {f"{name}.{key}": (getattr(section, key), "") for key in given}
    changes: dict[str, Any] = {
        key: _checked(f"{name}.{key}", value, known, None, key)
        for key, value in given.items()
        if value is not None
    }
    return replace(section, **changes)


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _flat(config: object, prefix: str = "") -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for item in fields(config):  # type: ignore[arg-type]  # always called with a dataclass instance
        value = getattr(config, item.name)
        found += (
            _flat(value, f"{prefix}{item.name}.") if is_dataclass(value) else [(prefix + item.name, value)]
        )
    return found


def _file_values(file: Path | None) -> list[tuple[str, object]]:
    if file is None:
        return []
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"expected a readable TOML file, was: {error}", file=file) from error
    for key in document:
        if key not in FILE_KEYS:
            raise ConfigError(
                expected("one of " + ", ".join(FILE_KEYS) + "; settings go into [config.SECTION]", key),
                file=file,
                field=key,
            )
    table = document.get("config", {})
    if not isinstance(table, dict):
        raise ConfigError(expected("a table of sections", table), file=file, field="config")
    found: list[tuple[str, object]] = []
    for section, entries in table.items():
        if not isinstance(entries, dict):
            raise ConfigError(expected("a table of settings", entries), file=file, field=section)
        found += [(f"{section}.{key}", value) for key, value in entries.items()]
    return found


def _checked(
    name: str,
    value: object,
    values: Mapping[str, tuple[object, str]],
    origin: object,
    argument: str | None = None,
) -> object:
    field = argument or name
    if name not in values:
        raise ConfigError(expected("one of " + ", ".join(values), name), file=origin, field=field)
    kind = type(values[name][0])
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not kind:
        raise ConfigError(expected(f"a value of type {kind.__name__}", value), file=origin, field=field)
    if name in CHOICES and value not in CHOICES[name]:
        raise ConfigError(expected("one of " + ", ".join(CHOICES[name]), value), file=origin, field=field)
    least, most = LEAST.get(name, 0), 1.0 if name in BELOW_ONE else MOST
    if isinstance(value, int | float) and not least <= value < most:
        raise ConfigError(
            expected(f"a finite value from {least} to below {most:g}", value), file=origin, field=field
        )
    return value


def _variable_name(variable: str, values: Mapping[str, object]) -> str | None:
    if not variable.startswith("LOANTWIN_") or variable in {"LOANTWIN_CACHE_DIR", "LOANTWIN_TEST_DATA"}:
        return None
    names = {"LOANTWIN_" + name.replace(".", "_").upper(): name for name in values}
    if variable not in names:
        raise ConfigError(
            expected("one of " + ", ".join(names), variable), file="environment", field=variable
        )
    return names[variable]


def _parsed(text: str, default: object, variable: str) -> object:
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise ConfigError(expected("true or false", text), file="environment", field=variable)
        return text.lower() == "true"
    try:
        return type(default)(text)  # type: ignore[call-arg]  # int, float or str
    except ValueError as error:
        raise ConfigError(
            expected(f"a value of type {type(default).__name__}", text), file="environment", field=variable
        ) from error


def _built(values: Mapping[str, tuple[object, str]]) -> Config:
    sections: dict[str, Any] = {}
    for section, kind in get_type_hints(Config).items():
        chosen = {item.name: values[f"{section}.{item.name}"][0] for item in fields(kind)}
        sections[section] = kind(**chosen)
    return Config(**sections)
