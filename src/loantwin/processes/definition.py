"""A process as data: states, the steps between them, what a step asks for, who does it and what it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NEEDS = ("reason", "amount", "outcome", "assignee", "by")
"""What a step may ask of the one who takes it."""


@dataclass(frozen=True)
class State:
    """A state. within_hours : time limit of a stay in it, hours by the clock; None for none."""

    name: str
    meaning: str
    within_hours: float | None = None


@dataclass(frozen=True)
class Time:
    """How long something takes. kind : fixed, exponential, lognormal or empirical.

    mean_minutes, deviation_minutes : minutes; of a fixed time the deviation is 0. minutes : (M,) observed
    times, of the empirical kind, each as likely as another.
    """

    kind: str
    mean_minutes: float = 0.0
    deviation_minutes: float = 0.0
    minutes: tuple[float, ...] = ()


@dataclass(frozen=True)
class Step:
    """A step: taken from one of its states, it leads to one.

    outcome : the outcome of a decision that this step stands for. needs : what must be told with it.
    above, up_to : the case's amount, money, from where it may be taken: above < amount <= up_to. not_by : the
    steps whose taker may not take this one (four eyes). by_assignee : by nobody but the one who has the case,
    where somebody has it. staff : who does it; None for nobody. time, cost : what it takes, and money each
    time. share : of the cases in its state that take it, in a run. priority : lower goes first. after : of a
    step that a case takes itself when it has waited that long.
    """

    name: str
    source: tuple[str, ...]
    to: str
    meaning: str = ""
    outcome: str | None = None
    needs: tuple[str, ...] = ()
    above: float | None = None
    up_to: float | None = None
    not_by: tuple[str, ...] = ()
    by_assignee: bool = False
    staff: str | None = None
    time: Time | None = None
    cost: float = 0.0
    share: float = 1.0
    priority: int = 0
    after: Time | None = None


@dataclass(frozen=True)
class Hours:
    """When somebody is there: the same hours on each of some days. start, end : hours of a day, 0 to 24."""

    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    start: float = 0.0
    end: float = 24.0

    @property
    def always(self) -> bool:
        """Return whether there is no hour without."""
        return len(self.days) == 7 and self.end - self.start == 24.0

    @property
    def a_week(self) -> float:
        """Return hours a week."""
        return len(self.days) * (self.end - self.start)


@dataclass(frozen=True)
class Staff:
    """People who do the same steps. cost_per_hour : money an hour of one of them, at work or idle."""

    name: str
    people: int
    cost_per_hour: float
    hours: Hours = field(default_factory=Hours)


@dataclass(frozen=True)
class Arrivals:
    """How cases come in: at random, `per_hour` an hour while `hours` last. gaps : of another kind than
    random."""

    per_hour: float
    hours: Hours = field(default_factory=Hours)


@dataclass(frozen=True)
class Process:
    """A process. start : state of a new case. waiting_cost_per_hour : money an hour that a case waits, by the
    clock.

    text : the file as it was read; it goes into the home.
    """

    name: str
    about: str
    start: str
    states: Mapping[str, State]
    steps: Mapping[str, Step]
    staff: Mapping[str, Staff]
    arrivals: Arrivals | None
    currency: str
    waiting_cost_per_hour: float
    text: str
    file: str

    @property
    def ends(self) -> tuple[str, ...]:
        """Return the states that no step leaves."""
        left = {source for step in self.steps.values() for source in step.source}
        return tuple(name for name in self.states if name not in left)

    def leaving(self, state: str) -> tuple[Step, ...]:
        """Return the steps out of a state, in the order of the file."""
        return tuple(step for step in self.steps.values() if state in step.source)

    def of_outcome(self, outcome: str) -> tuple[Step, ...]:
        """Return the steps that stand for an outcome of a decision."""
        return tuple(step for step in self.steps.values() if step.outcome == outcome)
