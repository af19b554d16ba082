"""Policies by name, and reading one from a TOML file: unknown keys, figures and levers are refused."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

from loantwin.decisions.figures import FIGURES, MACRO
from loantwin.decisions.policy import PortfolioPolicy
from loantwin.decisions.rule_policy import RulePolicy
from loantwin.decisions.rules import PortfolioRule, RuleCondition
from loantwin.errors import ConfigError, expected
from loantwin.files import read_toml
from loantwin.registry import Registry
from loantwin.types import LEVERS

FORMAT = 1
_CONDITION = re.compile(r"\s*([A-Za-z_][\w.]*)\s*(<=|>=|<|>|==|!=)\s*(\S.*?)\s*")

POLICIES: Registry[object] = Registry(
    "policy",
    "loantwin.policies",
    {path.stem: path for path in sorted((Path(__file__).parent / "policies").glob("*.toml"))},
    besides=", or a TOML file",
)
"""Policies by name. An entry is the path of a TOML file, or an object that `check_policy` passes."""

Chosen = TypeVar("Chosen")


def built_in_policies() -> tuple[str, ...]:
    """Return the names of the policies that come with loantwin."""
    return tuple(POLICIES.built_in)


def load_policy(path_or_name: str | Path, *, field: str = "policy") -> PortfolioPolicy:
    """Return the policy in a TOML file, a built-in one, or an installed package's; an existing file wins.

    A package's policy may be for books alone, or for applications alone; what it lacks is refused by name
    where it is asked for.

    field : the argument that named it, for a refusal.

    Raises
    ------
    ConfigError : no such file or name, no readable TOML, an unknown key, figure or lever, a value out of
        range, or a package that cannot be imported.
    """
    path = Path(path_or_name)
    if not path.is_file():
        name = str(path_or_name)
        if name.endswith(".toml"):
            raise ConfigError(expected("a policy file", "none of that name"), file=path)
        entry = POLICIES.named(name, field=field, error=ConfigError)
        if not isinstance(entry, str | Path):
            return cast("PortfolioPolicy", entry)
        path = Path(entry)
    return parse_policy(read_toml(path, "a policy", ConfigError), path)


def chosen_policy(policy: str | Path | Chosen) -> PortfolioPolicy | Chosen:
    """Return the policy of a name or a TOML file; any other object is the policy itself."""
    return load_policy(policy) if isinstance(policy, str | Path) else policy


def parse_policy(document: Mapping[str, Any], file: object = None) -> RulePolicy:
    """Return the policy in a parsed TOML document; `file` is named in errors.

    Raises
    ------
    ConfigError : an unknown key, figure or lever, or a value out of range.
    """
    if "applications" in document:
        words = "a decision graph (JDM) for applications, see `loantwin decide`"
        raise ConfigError(expected(words, "[applications] in TOML"), file=file, field="applications")
    _known(document, ("format", "name", "description", "levers", "portfolio"), "", file)
    if document.get("format") != FORMAT:
        raise ConfigError(expected(f"format = {FORMAT}", document.get("format")), file=file, field="format")
    name = _text(document, "name", file)
    return RulePolicy(
        name=name,
        description=_text(document, "description", file) if "description" in document else "",
        standing=_levers(_table(document, "levers", file), "levers", file),
        portfolio=tuple(
            _portfolio_rule(rule, i, file) for i, rule in enumerate(_list(document, "portfolio", file))
        ),
    )


def _portfolio_rule(rule: Mapping[str, Any], place: int, file: object) -> PortfolioRule:
    where = f"portfolio[{place}]"
    _known(rule, ("when", "add", "reason"), f"{where}.", file)
    return PortfolioRule(
        when=_conditions(rule, where, file),
        add=_levers(_table(rule, "add", file), f"{where}.add", file),
        reason=_text(rule, "reason", file),
    )


def _conditions(rule: Mapping[str, Any], where: str, file: object) -> tuple[RuleCondition, ...]:
    texts = rule.get("when")
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise ConfigError(
            expected('conditions like ["default_rate > 0.04"]', str(texts)), file=file, field=f"{where}.when"
        )
    return tuple(_condition(text, where, file) for text in texts)


def _condition(text: str, where: str, file: object) -> RuleCondition:
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise ConfigError(
            expected("figure, comparison and value, like default_rate > 0.04", text),
            file=file,
            field=f"{where}.when",
        )
    figure, comparison, value = found.groups()
    if figure not in FIGURES and not figure.startswith(MACRO):
        wanted = ", ".join(FIGURES) + " or macro.NAME"
        raise ConfigError(expected(f"one of {wanted}", figure), file=file, field=f"{where}.when")
    return RuleCondition(figure, comparison, _number(value, f"{where}.when", file))


def _levers(table: Mapping[str, Any], where: str, file: object) -> tuple[float, ...]:
    _known(table, LEVERS, f"{where}.", file)
    values = tuple(_number(table.get(name, 0.0), f"{where}.{name}", file) for name in LEVERS)
    for name, value in zip(LEVERS, values, strict=True):
        if not -1 <= value <= 1:
            raise ConfigError(expected("a lever from -1 to 1", value), file=file, field=f"{where}.{name}")
    return values


def _number(value: object, where: str, file: object) -> float:
    try:
        number = (
            float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
        )
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ConfigError(expected("a finite number", str(value)), file=file, field=where)
    return number


def _known(table: Mapping[str, Any], names: tuple[str, ...], prefix: str, file: object) -> None:
    for key in table:
        if key not in names:
            raise ConfigError(expected("one of " + ", ".join(names), key), file=file, field=f"{prefix}{key}")


def _table(document: Mapping[str, Any], name: str, file: object) -> Mapping[str, Any]:
    value = document.get(name, {})
    if not isinstance(value, dict):
        raise ConfigError(expected("a table", str(value)), file=file, field=name)
    return value


def _list(document: Mapping[str, Any], name: str, file: object) -> list[Mapping[str, Any]]:
    value = document.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ConfigError(expected(f"tables [[{name}]]", str(value)), file=file, field=name)
    return value


def _text(document: Mapping[str, Any], name: str, file: object) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(expected("a text", str(value)), file=file, field=name)
    return value
