"""A file of reasons: what a feature's value is called, by code and language, and what a person can change."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from loantwin.errors import ConfigError, expected, unknown
from loantwin.files import read_text

DIRECTIONS = ("any", "up", "down")
NEVER = (
    "age", "sex", "gender", "race", "ethnicity", "colour", "color", "religion", "marital", "nationality",
    "national", "origin", "birth", "birthday", "disability", "pregnancy",
)  # fmt: skip
"""Words of a column's name that no one is asked to change (assumed; groups of a training neither)."""
NEVER_IN_CHINESE = ("年龄", "性别", "种族", "民族", "宗教", "婚姻", "国籍", "出生", "残疾")
VAGUE = (
    r"internal (standards?|polic(y|ies))", r"credit scor(e|ing)", r"qualifying score", r"scor(e|ing) system",
    r"risk (model|score|rating)", r"our (policy|criteria|standards)", r"insufficient score",
)  # fmt: skip
"""What a text for a covered denial may not rest on: Regulation B, 12 CFR 1002.9(b)(2) (not read, assumed)."""


@dataclass(frozen=True)
class ReasonRule:
    """What some features are called as a reason. Several may share one code: what they add is summed.

    above, below : only values at or above, and below, these. levels : only these texts. missing : only where
    the value is missing. None of them: any value, missing too. Of one feature's rules the first that fits
    counts.
    """

    code: str
    features: tuple[str, ...]
    en: str
    zh: str = ""
    above: float | None = None
    below: float | None = None
    levels: tuple[str, ...] = ()
    missing: bool = False

    @property
    def of_any(self) -> bool:
        """Return whether it fits every value."""
        return self.above is None and self.below is None and not self.levels and not self.missing


@dataclass(frozen=True)
class ChangeRule:
    """A feature that a person can change.

    direction : which way. low, high : bounds of a number, its range in training where left out. step : the
    smallest change. levels : what a text may become, every known one where left out. effort : what a change
    over the whole range of training, or of a text, weighs beside others.
    """

    feature: str
    direction: str = "any"
    low: float | None = None
    high: float | None = None
    step: float | None = None
    levels: tuple[str, ...] = ()
    effort: float = 1.0


@dataclass(frozen=True)
class ReasonsFile:
    """Reasons and changes. covered : whether texts must be specific, as for a denial under Regulation B."""

    reasons: tuple[ReasonRule, ...] = ()
    changes: tuple[ChangeRule, ...] = ()
    covered: bool = False


KEYS: Mapping[str, type[Any]] = {"reason": ReasonRule, "change": ChangeRule}
WORDS: Mapping[str, str] = {
    "code": "the reason's code; features of one code are summed",
    "features": "columns that the reason is for",
    "en": "what is told, in English",
    "zh": "what is told, in Chinese; left out: as in English",
    "above": "only values at or above it",
    "below": "only values below it",
    "levels": "only these texts; of a change, what it may become",
    "missing": "only where there is no value",
    "feature": "the column that a person can change",
    "direction": "which way it can move",
    "low": "bound of what it can become",
    "high": "bound of what it can become",
    "step": "the smallest change",
    "effort": "what its change weighs beside others",
}
"""What each key says, in a few words."""


def read_reasons(path: Path | str) -> ReasonsFile:
    """Return the reasons of a TOML file, checked.

    Raises
    ------
    ConfigError : a file that cannot be read, an unknown key, a value of another kind, a code with two texts,
        a change of what no one is asked to change, with `covered` a text that says nothing specific.
    """
    file = Path(path)
    try:
        document = tomllib.loads(read_text(file, "file of reasons", ConfigError))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(expected("TOML", str(error)), file=path) from error
    made: dict[str, Any] = {"reason": [], "change": []}
    for key, value in document.items():
        if key == "covered":
            made[key] = _value("bool", value, key, file)
        elif key not in KEYS:
            raise ConfigError(unknown(key, [*KEYS, "covered"]), file=file, field=key)
        elif not isinstance(value, list):
            raise ConfigError(expected(f"tables [[{key}]]", value), file=file, field=key)
        else:
            made[key] = [
                _rule(KEYS[key], item, f"{key}[{number}].", file) for number, item in enumerate(value, 1)
            ]
    found = ReasonsFile(tuple(made["reason"]), tuple(made["change"]), made.get("covered", False))
    _check_reasons(found, file)
    _check_changes(found, file)
    return found


def _rule(kind: type[Any], given: Any, place: str, file: Path) -> Any:
    if not isinstance(given, Mapping):
        raise ConfigError(expected("a table of keys and values", given), file=file, field=place.rstrip("."))
    known = {item.name: item for item in fields(kind)}
    for key in given:
        if key not in known:
            raise ConfigError(unknown(key, known), file=file, field=place + key)
    for name, item in known.items():
        if item.default is MISSING and name not in given:
            raise ConfigError(expected("a value", "none"), file=file, field=place + name)
    return kind(
        **{key: _value(str(known[key].type), value, place + key, file) for key, value in given.items()}
    )


def _value(hint: str, value: Any, place: str, file: Path) -> Any:
    if hint.startswith("tuple"):
        if isinstance(value, list) and value and all(isinstance(item, str) and item for item in value):
            return tuple(value)
        raise ConfigError(expected("a list of texts", value), file=file, field=place)
    if hint == "bool":
        if isinstance(value, bool):
            return value
        raise ConfigError(expected("true or false", value), file=file, field=place)
    if hint.startswith("float"):
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf"):
            return float(value)
        raise ConfigError(expected("a finite number", value), file=file, field=place)
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise ConfigError(expected("a text", value), file=file, field=place)


def _check_reasons(found: ReasonsFile, file: Path) -> None:
    texts: dict[str, tuple[str, str]] = {}
    for number, rule in enumerate(found.reasons, 1):
        place = f"reason[{number}]"
        if texts.setdefault(rule.code, (rule.en, rule.zh)) != (rule.en, rule.zh):
            raise ConfigError(
                expected(f"one text for code {rule.code}", "two"), file=file, field=f"{place}.code"
            )
        if rule.above is not None and rule.below is not None and rule.above >= rule.below:
            words = expected(f"above to be less than below, {rule.below:g}", f"{rule.above:g}")
            raise ConfigError(words, file=file, field=f"{place}.above")
        vague = re.search("|".join(VAGUE), rule.en, re.IGNORECASE)
        if found.covered and vague is not None:
            words = expected("a specific reason (Regulation B, 12 CFR 1002.9(b)(2))", repr(vague[0]))
            raise ConfigError(words, file=file, field=f"{place}.en")


def _check_changes(found: ReasonsFile, file: Path) -> None:
    seen: set[str] = set()
    for number, rule in enumerate(found.changes, 1):
        place = f"change[{number}]"
        if rule.feature in seen:
            raise ConfigError(
                expected("one change a feature", f"two of {rule.feature}"), file=file, field=place
            )
        seen.add(rule.feature)
        if asked_never(rule.feature):
            words = expected("what a person can change", f"{rule.feature}, which no one is asked to")
            raise ConfigError(words, file=file, field=f"{place}.feature")
        if rule.direction not in DIRECTIONS:
            words = expected("one of " + ", ".join(DIRECTIONS), rule.direction)
            raise ConfigError(words, file=file, field=f"{place}.direction")
        for name in ("step", "effort"):
            value = getattr(rule, name)
            if value is not None and value <= 0:
                raise ConfigError(expected("above 0", f"{value:g}"), file=file, field=f"{place}.{name}")
        if rule.low is not None and rule.high is not None and rule.low > rule.high:
            words = expected(f"low to be at most high, {rule.high:g}", f"{rule.low:g}")
            raise ConfigError(words, file=file, field=f"{place}.low")


def asked_never(column: str) -> bool:
    """Return whether a column's name is of what no one is asked to change: age, sex and their like."""
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).lower())
    return bool(set(words) & set(NEVER)) or any(word in column for word in NEVER_IN_CHINESE)


def reasons_schema() -> dict[str, Any]:
    """Return the JSON Schema of a file of reasons."""
    parts = {name: {"type": "array", "items": _object(kind)} for name, kind in KEYS.items()}
    return {
        "title": "Reasons of a score, and what a person can change",
        "type": "object",
        "properties": {"covered": {"type": "boolean", "default": False}, **parts},
        "required": [],
        "additionalProperties": False,
    }


def _object(kind: type[Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for item in fields(kind):
        hint = str(item.type)
        if hint.startswith("tuple"):
            made: dict[str, Any] = {"type": "array", "items": {"type": "string"}, "minItems": 1}
        elif item.name == "direction":
            made = {"enum": list(DIRECTIONS)}
        else:
            made = {"type": {"bool": "boolean", "str": "string"}.get(hint, "number")}
        if item.name in ("step", "effort"):
            made["exclusiveMinimum"] = 0
        if item.default not in (MISSING, None, (), ""):
            made["default"] = item.default
        properties[item.name] = {**made, "description": WORDS[item.name]}
    needed = [item.name for item in fields(kind) if item.default is MISSING]
    return {"type": "object", "properties": properties, "required": needed, "additionalProperties": False}
