"""China's five-level classification of 2023 and its provisions; the rules are data: `five_level.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Flags, Floats, Integers
from loantwin.errors import RiskError, expected
from loantwin.files import parse_toml, read_text
from loantwin.risk.allowance import (
    Exposures,
    Part,
    ScenarioAllowance,
    amounts,
    checked_weights,
    parts,
    totals,
)
from loantwin.types import ModelResult

FLAGS = ("restructured", "watch", "credit_impaired")
LEVELS = ("days_past_due", "impaired_loss_share")


@dataclass(frozen=True)
class CoverageRule:
    """A fact that puts a loan into at least a class: a level or a flag; `article` is its source."""

    grade: str
    fact: str
    above: float | None
    at_least: float | None
    article: str
    certain: bool

    def words(self) -> str:
        """Return the rule as one sentence."""
        level = "" if self.above is None else f" above {self.above:g}"
        level += "" if self.at_least is None else f" of at least {self.at_least:g}"
        doubt = "" if self.certain else ", article number not checked"
        return f"{self.fact}{level}: at least {self.grade} (article {self.article}{doubt})"

    def met(self, value: Any) -> Flags:
        """Return where a fact, (N,) a level or a flag, meets the rule; an unknown one (NaN) does not."""
        if self.above is not None:
            return np.asarray(value > self.above)
        return np.asarray(value >= self.at_least if self.at_least is not None else value)


@dataclass(frozen=True)
class DebtorRule:
    """Non-retail claims are judged by debtor: above this share of its balance bad, all of it is."""

    above: float
    grade: str
    article: str
    certain: bool

    def words(self) -> str:
        """Return the rule as one sentence."""
        doubt = "" if self.certain else ", article number not checked"
        return (
            f"all claims on a non-retail debtor with more than {self.above:.0%} of its balance "
            f"non-performing: at least {self.grade} (article {self.article}{doubt})"
        )


@dataclass(frozen=True)
class FiveLevelRules:
    """The classification, its minima (decimal of balance) and the supervisory ratios."""

    source: str
    classes: tuple[str, ...]
    non_performing: tuple[str, ...]
    rules: tuple[CoverageRule, ...]
    debtor: DebtorRule
    minimum: Mapping[str, float]
    general: float
    provision_coverage: tuple[float, float]
    """Provisions / non-performing loans: standard, and the lowest value under relief."""
    loan_provision: tuple[float, float]
    """Provisions / all loans: standard, and the lowest value under relief."""
    sources: tuple[str, ...]


@dataclass(frozen=True)
class AssetFacts:
    """What classification reads of N loans.

    days_past_due : (N,) days of principal or interest past due, NaN where the source does not tell.
    credit_impaired, restructured, watch : (N,) true where the lender's record says so; default is
        credit-impaired.
    impaired_loss_share : (N,) expected loss / balance of a credit-impaired loan, NaN where unknown or not
        impaired.
    debtor : (N,) code of the non-retail debtor, -1 where a loan is judged by itself (retail, or no debtor is
        named); None: all are.
    """

    days_past_due: Floats
    credit_impaired: Flags
    restructured: Flags
    watch: Flags
    impaired_loss_share: Floats
    debtor: Integers | None = None


@dataclass(frozen=True)
class Booked:
    """What the books carry: expected loss under IFRS 9 (CAS 22 follows it, assumed), net of guarantees.

    by_class : class -> currency.
    """

    standard: str
    allowance: float
    by_class: Mapping[str, float]


@dataclass(frozen=True)
class Coverage:
    """Supervisory ratios of the booked allowance; null where none is given.

    provision_coverage : allowance / non-performing balance, null where nothing is non-performing.
    loan_provision : allowance / balance, null for an empty book. required, required_relief : allowance that
        meets the higher of both standards, and of both under relief. shortfall : what the booked allowance
        leaves to `required`. These three are null where the source cannot tell which loans are
        non-performing. minimum_shortfall : what it leaves to the minima by class.
    """

    provision_coverage: float | None
    loan_provision: float | None
    required: float | None
    required_relief: float | None
    shortfall: float | None
    minimum_shortfall: float | None


BASIS = (
    "supervisory minimum: a fixed share of each class's balance (2002 guidelines), no expected loss and not "
    "what the books carry; the booked allowance is `booked`"
)
"""What `allowance`, `allowance_gross` and the classes' allowances of a five-level result are."""


@dataclass(frozen=True)
class FiveLevelResult(ModelResult):
    """The book by class, its minimum provisions and the coverage of what is booked. Book currency.

    allowance, allowance_gross, by_class, by_scenario : minima, as `allowance_basis` says. debtor_moved :
    loans whose class is worse than their own facts ask for, because of their debtor; None where no debtor is
    known.
    """

    SCHEMA: ClassVar[str] = "loantwin.provisions/2"

    standard: str
    as_of: date
    currency: str
    exposure: float
    allowance: float
    allowance_gross: float
    allowance_basis: str
    booked: Booked | None
    debtor_moved: int | None
    by_class: Mapping[str, Part]
    by_scenario: Mapping[str, ScenarioAllowance]
    coverage: Coverage
    settings: Mapping[str, float]
    rules: tuple[str, ...]
    not_observable: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def load_rules(path: Path | None = None) -> FiveLevelRules:
    """Return the rules of a TOML file, by default the one beside this module.

    Raises
    ------
    RiskError : no TOML, a missing table, an unknown class or fact, a level without a threshold or with two.
    """
    check.kind(Path, **check.given(path=path))
    text = (
        (files(__package__) / "five_level.toml").read_text("utf-8")
        if path is None
        else read_text(path, "TOML file of rules", RiskError)
    )
    table = parse_toml(text, path, "five-level rules", RiskError)
    try:
        rules = tuple(_rule(entry) for entry in table["rule"])
        minimum, ratios = table["minimum"], table["ratios"]
        made = FiveLevelRules(
            source=table["source"],
            classes=tuple(table["classes"]),
            non_performing=tuple(table["non_performing"]),
            rules=rules,
            debtor=DebtorRule(
                float(table["debtor"]["above"]),
                table["debtor"]["class"],
                str(table["debtor"]["article"]),
                bool(table["debtor"]["certain"]),
            ),
            minimum={name: float(minimum[name]) for name in table["classes"]},
            general=float(minimum["general"]),
            provision_coverage=(
                float(ratios["provision_coverage"]),
                float(ratios["provision_coverage_relief"]),
            ),
            loan_provision=(float(ratios["loan_provision"]), float(ratios["loan_provision_relief"])),
            sources=(table["source"], table["debtor"]["source"], minimum["source"], ratios["source"]),
        )
    except KeyError as error:
        raise RiskError(f"expected a file of five-level rules, was: {error}", file=path) from error
    _check_rules(made, path)
    return made


def _rule(entry: Mapping[str, Any]) -> CoverageRule:
    return CoverageRule(
        entry["class"],
        entry["fact"],
        entry.get("above"),
        entry.get("at_least"),
        str(entry["article"]),
        bool(entry["certain"]),
    )


def _check_rules(rules: FiveLevelRules, path: Path | None) -> None:
    for rule in rules.rules:
        if rule.grade not in rules.classes:
            raise RiskError(
                expected("one of " + ", ".join(rules.classes), rule.grade), file=path, field="class"
            )
        if rule.fact not in FLAGS + LEVELS:
            raise RiskError(
                expected("one of " + ", ".join(FLAGS + LEVELS), rule.fact), file=path, field="fact"
            )
        if (rule.fact in LEVELS) != ((rule.above is None) != (rule.at_least is None)):
            raise RiskError(
                expected("one of above and at_least for a level, none for a flag", rule.words()),
                file=path,
                field=rule.fact,
            )
    if rules.debtor.grade not in rules.classes or not 0.0 <= rules.debtor.above < 1.0:
        raise RiskError(
            expected("a class and a share from 0 to below 1", rules.debtor.words()), file=path, field="debtor"
        )
    for name in rules.non_performing:
        if name not in rules.classes:
            raise RiskError(
                expected("one of " + ", ".join(rules.classes), name), file=path, field="non_performing"
            )


def classify(facts: AssetFacts, rules: FiveLevelRules) -> Integers:
    """Return the class of each loan, (N,) index into `rules.classes`: the worst that any rule asks for.

    A fact that is unknown (NaN) triggers nothing; callers list it as not observable.

    Raises
    ------
    RiskError : facts of another shape, negative or infinite.
    """
    check.kind(AssetFacts, facts=facts)
    check.kind(FiveLevelRules, rules=rules)
    size = len(facts.days_past_due)
    for name in LEVELS:
        values = getattr(facts, name)
        if values.shape != (size,) or np.isinf(values).any() or (values < 0).any():
            raise RiskError(
                expected(f"{size} values of at least 0, or NaN where unknown", "something else"), field=name
            )
    found = np.zeros(size, dtype=np.int64)
    for rule in rules.rules:
        value = getattr(facts, rule.fact)
        if rule.fact in FLAGS and value.shape != (size,):
            raise RiskError(expected(f"shape ({size},)", f"{value.shape}"), field=rule.fact)
        found = np.where(rule.met(value), np.maximum(found, rules.classes.index(rule.grade)), found)
    return found


def by_debtor(code: Integers, balance: Floats, debtor: Integers, rules: FiveLevelRules) -> Integers:
    """Return classes, (N,), with all claims on a debtor at least substandard where too many of them are bad.

    Parameters
    ----------
    code : (N,) class of each loan by its own facts. balance : (N,) currency, >= 0, weighted. debtor : (N,)
        code of the non-retail debtor, -1 where a loan is judged by itself.
    """
    check.codes(0, code=code)
    check.money(balance=balance)
    check.codes(-1, debtor=debtor)
    check.kind(FiveLevelRules, rules=rules)
    check.shaped(code.shape, balance=balance, debtor=debtor)
    known = debtor >= 0
    if not known.any():
        return code
    bad = np.isin(code, [rules.classes.index(name) for name in rules.non_performing])
    whole = np.bincount(debtor[known], weights=balance[known])
    lost = np.bincount(debtor[known], weights=np.where(bad, balance, 0.0)[known])
    worse = known & (lost > rules.debtor.above * whole)[np.maximum(debtor, 0)]
    return np.where(worse, np.maximum(code, rules.classes.index(rules.debtor.grade)), code)


def graded(facts: AssetFacts, balance: Floats, rules: FiveLevelRules) -> Integers:
    """Return the class of each loan, (N,): by its own facts (`classify`), then by its debtor's."""
    code = classify(facts, rules)
    check.money(balance=balance)
    check.shaped(code.shape, balance=balance)
    return code if facts.debtor is None else by_debtor(code, balance, facts.debtor, rules)


def five_level(
    as_of: date,
    currency: str,
    exposures: Exposures,
    facts: AssetFacts,
    weights: Mapping[str, float],
    rules: FiveLevelRules | None = None,
    not_observable: tuple[str, ...] = (),
    unobservable: tuple[str, ...] = (),
    provenance: Mapping[str, Any] | None = None,
    booked: Floats | None = None,
) -> FiveLevelResult:
    """Return the book by class and its minimum provisions.

    The allowance of a class is its minimum x balance. It depends on no scenario, so each scenario shows the
    same figure. `allowance` leaves out the guaranteed share, which the guidelines do not. Supervisory ratios
    read `booked`, (N,) currency of each loan, net of guarantees and weighted: what the books carry; None
    leaves them null. Classes in `unobservable` are left out of `by_class` where no loan is in them;
    with a non-performing class among them the required allowance is null.

    Raises
    ------
    RiskError : facts of another number of loans, and as `classify`.
    """
    check.kind(date, as_of=as_of)
    check.word(currency=currency)
    check.kind(Exposures, exposures=exposures)
    check.kind(AssetFacts, facts=facts)
    check.kind(Mapping, weights=weights)
    check.kind(FiveLevelRules, **check.given(rules=rules))
    check.words(not_observable=not_observable, unobservable=unobservable)
    check.kind(Mapping, **check.given(provenance=provenance))
    checked_weights(weights)
    exposures.check()
    check.finite(**check.given(booked=booked))
    check.shaped(exposures.exposure.shape, **check.given(booked=booked))
    used = load_rules() if rules is None else rules
    own = classify(facts, used)
    if own.shape != exposures.exposure.shape:
        raise RiskError(
            expected(f"facts of {len(exposures.exposure)} loans", len(own)), field="days_past_due"
        )
    codes = graded(facts, exposures.exposure * exposures.weight, used)
    carried = None if booked is None else _booked(codes, booked, used)
    rate = np.array([used.minimum[name] for name in used.classes])[codes]
    gross = amounts(rate * exposures.exposure, "allowance", exposures.exposure.shape)
    net = gross * (1 - exposures.guaranteed)
    by_class = parts(codes, used.classes, exposures, net, gross)
    weight = exposures.weight
    allowance, balance, allowance_gross = (
        figure[0] for figure in totals([net * weight, exposures.exposure * weight, gross * weight])
    )
    return FiveLevelResult(
        standard="five-level",
        as_of=as_of,
        currency=currency,
        exposure=balance,
        allowance=allowance,
        allowance_gross=allowance_gross,
        allowance_basis=BASIS,
        booked=carried,
        debtor_moved=None if facts.debtor is None else int((codes != own).sum()),
        by_class={name: part for name, part in by_class.items() if part.loans or name not in unobservable},
        by_scenario={name: ScenarioAllowance(weight, allowance) for name, weight in weights.items()},
        coverage=_coverage(
            by_class,
            balance,
            allowance_gross,
            carried,
            used,
            not set(used.non_performing) & set(unobservable),
        ),
        settings={**used.minimum, "general": used.general},
        rules=(*used.sources, *(rule.words() for rule in used.rules), used.debtor.words()),
        not_observable=not_observable,
        provenance=dict(provenance or {}),
    )


def _booked(codes: Integers, booked: Floats, rules: FiveLevelRules) -> Booked:
    amounts(np.abs(booked), "booked", codes.shape)  # a loan bought impaired may have gained: below 0
    whole = totals([booked])[0][0]
    by_class = totals([booked], codes, len(rules.classes))[0]
    return Booked("ifrs9", whole, dict(zip(rules.classes, map(float, by_class), strict=True)))


def _coverage(
    by_class: Mapping[str, Part],
    balance: float,
    minimum: float,
    booked: Booked | None,
    rules: FiveLevelRules,
    known: bool,
) -> Coverage:
    bad = sum(by_class[name].exposure for name in rules.non_performing)
    standard, relief = (
        max(rules.provision_coverage[i] * bad, rules.loan_provision[i] * balance, rules.general * balance)
        for i in range(2)
    )
    held = None if booked is None else booked.allowance
    return Coverage(
        provision_coverage=held / bad if bad and held is not None else None,
        loan_provision=held / balance if balance and held is not None else None,
        required=standard if known else None,
        required_relief=relief if known else None,
        shortfall=max(0.0, standard - held) if known and held is not None else None,
        minimum_shortfall=None if held is None else max(0.0, minimum - held),
    )
