"""A process file as a process: what its keys may hold; what is wrong is named with the step and the key."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from loantwin.errors import ConfigError, choice, expected, unknown
from loantwin.files import parse_toml, read_text
from loantwin.processes.definition import DAYS, NEEDS, Arrivals, Hours, Process, Staff, State, Step, Time
from loantwin.processes.schema import FORMAT, STEP, process_schema

BUILT_IN = ("origination", "servicing", "collections", "review")
"""Processes that ship, by name."""
KINDS = ("fixed", "exponential", "lognormal", "empirical")


def read_process(source: Path | str) -> Process:
    """Return the process of a TOML file, or the one that ships under a name.

    Raises
    ------
    ConfigError : no such file or no TOML, an unknown key, one that is missing, a value of another kind, a
        step from or to a state that is none, a name that stands twice.
    """
    if isinstance(source, str) and source in BUILT_IN:
        text = (files(__package__) / "built_in" / f"{source}.toml").read_text(encoding="utf-8")
        return parse_process(text, f"{source}.toml")
    path = Path(source)
    if not path.exists():
        words = expected("a TOML file of a process, or one of " + ", ".join(BUILT_IN), str(source))
        raise ConfigError(words, field="process")
    return parse_process(read_text(path, "TOML file of a process", ConfigError), str(path))


def parse_process(text: str, file: str) -> Process:
    """Return the process of a text in TOML; `file` is what messages name.

    Raises
    ------
    ConfigError : as `read_process`.
    """
    reader = _Reader(parse_toml(text, file, "a process", ConfigError), file)
    reader.known(reader.document, tuple(process_schema()["properties"]), "")
    if reader.document.get("format") != FORMAT:
        raise reader.wrong(f"format = {FORMAT}", reader.document.get("format"), "format")
    states = reader.states()
    steps = reader.steps(states)
    staff = reader.staff()
    for step in steps.values():
        if step.staff is not None and step.staff not in staff:
            raise ConfigError(unknown(step.staff, staff), file=file, field=f"step {step.name}: staff")
    return Process(
        name=reader.text(reader.document, "name"),
        about=reader.text(reader.document, "about", default=""),
        start=choice(reader.text(reader.document, "start"), states, "start", file=file, error=ConfigError),
        states=states,
        steps=steps,
        staff=staff,
        arrivals=reader.arrivals(),
        currency=reader.text(reader.document, "currency", default=""),
        waiting_cost_per_hour=reader.number(reader.document, "waiting_cost_per_hour", 0.0),
        text=text,
        file=file,
    )


class _Reader:
    """A document read key by key; every refusal names the file and the key."""

    def __init__(self, document: Mapping[str, Any], file: str) -> None:
        self.document = document
        self.file = file

    def wrong(self, what: str, was: object, field: str) -> ConfigError:
        return ConfigError(expected(what, was), file=self.file, field=field)

    def known(self, table: Mapping[str, Any], names: tuple[str, ...], prefix: str) -> None:
        for key in table:
            if key not in names:
                raise ConfigError(unknown(key, names), file=self.file, field=f"{prefix}{key}")

    def table(self, table: Mapping[str, Any], name: str, prefix: str = "") -> Mapping[str, Any]:
        value = table.get(name, {})
        if not isinstance(value, dict):
            raise self.wrong("a table", value, f"{prefix}{name}")
        return value

    def text(self, table: Mapping[str, Any], name: str, prefix: str = "", default: str | None = None) -> str:
        value = table.get(name, default)
        if value == default and default is not None:
            return default
        if not isinstance(value, str) or not value.strip() or "\n" in value.strip():
            raise self.wrong("a text of one line", value, f"{prefix}{name}")
        return value.strip()

    def texts(self, table: Mapping[str, Any], name: str, prefix: str = "") -> tuple[str, ...]:
        value = table.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            raise self.wrong("a list of texts", value, f"{prefix}{name}")
        return tuple(value)

    def number(
        self,
        table: Mapping[str, Any],
        name: str,
        default: float | None = None,
        prefix: str = "",
        most: float = math.inf,
    ) -> float:
        value = table.get(name, default)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not 0.0 <= value <= most
            or value == math.inf
        ):
            what = "a number of at least 0" + ("" if most == math.inf else f" and at most {most:g}")
            raise self.wrong(what, value, f"{prefix}{name}")
        return float(value)

    def states(self) -> dict[str, State]:
        told = self.table(self.document, "states")
        if not told:
            raise self.wrong("a table of at least one state", "none", "states")
        limits = self.table(self.document, "within_hours")
        self.known(limits, tuple(told), "within_hours.")
        made = {}
        for name in told:
            within = self.number(limits, name, 0.0, "within_hours.") if name in limits else None
            if within == 0.0:
                raise self.wrong("a number above 0", within, f"within_hours.{name}")
            made[name] = State(name, self.text(told, name, "states."), within)
        return made

    def steps(self, states: Mapping[str, State]) -> dict[str, Step]:
        told = self.document.get("steps")
        if not isinstance(told, list) or not told or not all(isinstance(item, dict) for item in told):
            raise self.wrong("at least one [[steps]]", told, "steps")
        made: dict[str, Step] = {}
        for place, item in enumerate(told, start=1):
            step = self.step(item, place, states)
            if step.name in made:
                raise self.wrong("each step once", step.name, f"steps {place}: name")
            made[step.name] = step
        for step in made.values():
            for name in step.not_by:
                if name not in made:
                    raise ConfigError(unknown(name, made), file=self.file, field=f"step {step.name}: not_by")
        return made

    def step(self, item: Mapping[str, Any], place: int, states: Mapping[str, State]) -> Step:
        name = self.text(item, "name", f"steps {place}: ")
        own = f"step {name}: "
        self.known(item, tuple(STEP), own)
        source = self.texts(item, "from", own)
        if not source:
            raise self.wrong("at least one state", "none", f"{own}from")
        for state in (*source, to := self.text(item, "to", own)):
            choice(
                state, states, f"{own}{'to' if state == to else 'from'}", file=self.file, error=ConfigError
            )
        needs = self.texts(item, "needs", own)
        for need in needs:
            choice(need, NEEDS, f"{own}needs", file=self.file, error=ConfigError)
        above = self.number(item, "above", prefix=own) if "above" in item else None
        up_to = self.number(item, "up_to", prefix=own) if "up_to" in item else None
        if above is not None and up_to is not None and not above < up_to:
            raise self.wrong(f"a number above {above:g}", up_to, f"{own}up_to")
        priority = item.get("priority", 0)
        if not isinstance(priority, int) or isinstance(priority, bool):
            raise self.wrong("a whole number", priority, f"{own}priority")
        if not isinstance(item.get("by_assignee", False), bool):
            raise self.wrong("true or false", item["by_assignee"], f"{own}by_assignee")
        if "after" in item and ({"staff", "time"} & set(item)):
            raise self.wrong("a step that a case takes itself without staff and time", "both", f"{own}after")
        return Step(
            name, source, to,
            meaning=self.text(item, "meaning", own, default=""),
            outcome=self.text(item, "outcome", own) if "outcome" in item else None,
            needs=needs, above=above, up_to=up_to, not_by=self.texts(item, "not_by", own),
            by_assignee=item.get("by_assignee", False),
            staff=self.text(item, "staff", own) if "staff" in item else None,
            time=self.time(item, "time", own), cost=self.number(item, "cost", 0.0, own),
            share=self.number(item, "share", 1.0, own, 1.0), priority=priority,
            after=self.time(item, "after", own),
        )  # fmt: skip

    def time(self, item: Mapping[str, Any], name: str, own: str) -> Time | None:
        if name not in item:
            return None
        told, place = self.table(item, name, own), f"{own}{name}."
        kind = choice(
            self.text(told, "kind", place), KINDS, f"{place}kind", file=self.file, error=ConfigError
        )
        asked = {
            "fixed": ("mean_minutes",), "exponential": ("mean_minutes",),
            "lognormal": ("mean_minutes", "deviation_minutes"), "empirical": ("minutes",),
        }[kind]  # fmt: skip
        self.known(told, ("kind", *asked), place)
        if kind != "empirical":
            numbers = [self.number(told, key, prefix=place) for key in asked]
            if kind != "fixed" and min(numbers) <= 0.0:
                raise self.wrong(
                    "numbers above 0", min(numbers), f"{place}{asked[int(min(numbers) != numbers[0])]}"
                )
            return Time(kind, numbers[0], {"exponential": numbers[0], "fixed": 0.0}.get(kind, numbers[-1]))
        seen = told.get("minutes")
        if not isinstance(seen, list) or not seen:
            raise self.wrong("a list of times, minutes", seen, f"{place}minutes")
        values = tuple(self.number({"minutes": value}, "minutes", prefix=place) for value in seen)
        mean = sum(values) / len(values)
        spread = math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))
        return Time(kind, mean, spread, values)

    def staff(self) -> dict[str, Staff]:
        made = {}
        for name in (told := self.table(self.document, "staff")):
            own = f"staff.{name}."
            item = self.table(told, name, "staff.")
            self.known(item, ("people", "cost_per_hour", "days", "from", "to"), own)
            people = item.get("people")
            if not isinstance(people, int) or isinstance(people, bool) or people < 1:
                raise self.wrong("a whole number of at least 1", people, f"{own}people")
            made[name] = Staff(
                name, people, self.number(item, "cost_per_hour", 0.0, own), self.hours(item, own)
            )
        return made

    def arrivals(self) -> Arrivals | None:
        if "arrivals" not in self.document:
            return None
        item = self.table(self.document, "arrivals")
        self.known(item, ("per_hour", "days", "from", "to"), "arrivals.")
        rate = self.number(item, "per_hour", prefix="arrivals.")
        if rate <= 0.0:
            raise self.wrong("a number above 0", rate, "arrivals.per_hour")
        return Arrivals(rate, self.hours(item, "arrivals."))

    def hours(self, item: Mapping[str, Any], own: str) -> Hours:
        days = self.texts(item, "days", own) or DAYS
        for day in days:
            choice(day, DAYS, f"{own}days", file=self.file, error=ConfigError)
        start, end = self.hour(item, "from", "00:00", own), self.hour(item, "to", "24:00", own)
        if not start < end:
            raise self.wrong("an hour after the one in `from`", item.get("to"), f"{own}to")
        return Hours(tuple(sorted({DAYS.index(day) for day in days})), start, end)

    def hour(self, item: Mapping[str, Any], name: str, default: str, own: str) -> float:
        told = self.text(item, name, own) if name in item else default
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d|24:00", told):
            raise self.wrong("an hour HH:MM", told, f"{own}{name}")
        return int(told[:2]) + int(told[3:]) / 60.0
