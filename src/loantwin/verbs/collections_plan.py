"""`collections plan`: which case gets which treatment today, under capacity and limits of contact."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from loantwin import months
from loantwin.arrays import Array, Floats, Integers
from loantwin.clock import Clock, SystemClock
from loantwin.decisions.collections.allocate import Demand, Plan, allocate, granted, kept
from loantwin.decisions.collections.cases import (
    EPOCH,
    Cases,
    for_bucket,
    no_contacts,
    read_cases,
    read_contacts,
)
from loantwin.decisions.collections.choosers import CHOOSERS, valued
from loantwin.decisions.collections.contacts import Contacts, broken, room
from loantwin.decisions.collections.format import CollectionsFormat, Limit, read_collections_format
from loantwin.decisions.collections.kept import Kept, read_uplift
from loantwin.errors import UsageError, expected
from loantwin.types import Result


@dataclass(frozen=True)
class TreatmentPlanned:
    """Cases that get a treatment. cost, adds : money; what it adds is before its cost, as the chooser values
    it."""

    treatment: str
    cases: int
    cost: float
    adds: float


@dataclass(frozen=True)
class ResourceUsed:
    """A resource. capacity, used : units a day. price : money that one more unit would add; 0 of one not
    scarce."""

    resource: str
    capacity: float
    used: float
    price: float


@dataclass(frozen=True)
class LimitKept:
    """A limit of contact in force. binds : whom; everybody. barred : cases that it keeps from a contact
    today."""

    limit: str
    binds: str
    source: str
    barred: int


@dataclass(frozen=True)
class BucketPlanned:
    """Cases of a bucket, and of them those that get a treatment. value : money added, less cost."""

    bucket: str
    cases: int
    treated: int
    value: float


@dataclass(frozen=True)
class RivalPlan:
    """A simpler way to plan, by the same values. value : money. less : of the plan's value, what it does not
    reach."""

    rival: str
    value: float
    less: float


@dataclass(frozen=True)
class PlannedCase:
    """A case that gets a treatment. value : money that it adds, less its cost, as the chooser values it."""

    case: str
    treatment: str
    value: float


@dataclass(frozen=True)
class CollectionsPlanned(Result):
    """A plan of one day.

    value : money that treatments add, less their cost, as the chooser values them. bound : no plan adds more.
    exact : whether it is the best there is. broken : limits and capacities that the plan breaks, counted
    afresh from the plan: 0. acts : who acts; limits that bind others are left out. plan : treated cases,
    those that add most first.
    """

    SCHEMA: ClassVar[str] = "loantwin.collections_plan/1"

    name: str
    currency: str
    on: str
    acts: str | None
    chooser: str
    cases: int
    treated: int
    value: float
    bound: float
    exact: bool
    broken: int
    treatments: tuple[TreatmentPlanned, ...]
    resources: tuple[ResourceUsed, ...]
    limits: tuple[LimitKept, ...]
    buckets: tuple[BucketPlanned, ...]
    rivals: tuple[RivalPlan, ...]
    plan: tuple[PlannedCase, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def collections_plan(
    cases: Path | str,
    format: Path | str,  # noqa: A002 - the command's own word
    *,
    uplift: Path | str | None = None,
    contacts: Path | str | None = None,
    on: dt.date | str | None = None,
    acts: str | None = None,
    chooser: str = "uplift",
    clock: Clock | None = None,
) -> CollectionsPlanned:
    """Choose treatments for the cases of a day: most value under capacity and limits of contact.

    Parameters
    ----------
    cases : a table, a row a case: text, Excel or Parquet. format : columns, treatments, capacity and limits,
    TOML.
    uplift : what `collections fit` kept. contacts : those made before: case, at, channel; None, none were
    made.
    on : the day; None takes today. acts : who acts, as limits name whom they bind; None is bound by all.
    chooser : uplift, average, or one that an installed package offers.

    Raises
    ------
    ConfigError : a format or a file of uplift that is none. UsageError : no such file, column or chooser, or
        nobody that limits name. TapeError : a value that is none of its kind. ModelError : a feature that is
        missing.
    """
    now = (clock or SystemClock()).now()
    day = now.date() if on is None else months.day(on, "on")
    mapping = read_collections_format(format)
    _check_acts(mapping, acts)
    choose = CHOOSERS.named(chooser, field="chooser")
    read = read_cases(cases, mapping)
    fitted = None if uplift is None else read_uplift(uplift)
    made, others = (no_contacts(), 0) if contacts is None else read_contacts(contacts, read)
    names = tuple(mapping.treatments)
    gross = valued(choose, read, names, fitted)
    demand = _demand(mapping, read, gross, made, (day - EPOCH).days, acts)
    plan = allocate(demand)
    limits = mapping.binding(acts)
    wrong = broken(
        limits, list(mapping.treatments.values()), made, (day - EPOCH).days, read.person, plan.choice
    )
    wrong += 0 if kept(demand, plan.choice) else 1
    return CollectionsPlanned(
        name=mapping.name,
        currency=mapping.currency,
        on=day.isoformat(),
        acts=acts,
        chooser=chooser,
        cases=len(read),
        treated=int((plan.choice >= 0).sum()),
        value=plan.value,
        bound=plan.bound,
        exact=plan.exact,
        broken=wrong,
        treatments=_treatments(mapping, gross, plan),
        resources=_resources(mapping, demand, plan),
        limits=tuple(
            LimitKept(_in_words(limit), limit.binds or "everybody", limit.source, barred)
            for limit, barred in zip(limits, _barred(mapping, limits, made, day, read), strict=True)
        ),
        buckets=_buckets(read, demand, plan),
        rivals=_rivals(read, demand, plan),
        plan=_planned(read, names, demand, plan),
        notes=_notes(mapping, fitted, others, acts, contacts is None),
        provenance={
            "program": f"loantwin {version('loantwin')}", "source": Path(cases).name,
            "sha256": read.table.sha256,
            "format": Path(format).name, "uplift": None if uplift is None else Path(uplift).name,
            "computed": now.isoformat(),
        },
    )  # fmt: skip


def _check_acts(mapping: CollectionsFormat, acts: str | None) -> None:
    known = sorted({limit.binds for limit in mapping.limits if limit.binds})
    if acts is not None and acts not in known:
        words = expected("one that limits bind: " + (", ".join(known) or "nobody is named"), acts)
        raise UsageError(words, field="acts")


def _demand(
    mapping: CollectionsFormat, cases: Cases, gross: Floats, contacts: Contacts, today: int, acts: str | None
) -> Demand:
    treatments = list(mapping.treatments.values())
    allowed, left = room(mapping.binding(acts), treatments, contacts, today, cases.person)
    open_to = np.full(len(cases.persons), np.iinfo(np.int64).max)
    np.minimum.at(open_to, cases.person, left)
    resources = list(mapping.capacity)
    uses = np.array([[item.uses.get(name, 0.0) for name in resources] for item in treatments])
    return Demand(
        gross - np.array([item.cost for item in treatments]), allowed & for_bucket(cases, mapping),
        uses.reshape(len(treatments), len(resources)), np.array([mapping.capacity[name] for name in
        resources]), np.array([item.channel is not None for item in treatments]), cases.person, open_to,
    )  # fmt: skip


def _treatments(mapping: CollectionsFormat, gross: Floats, plan: Plan) -> tuple[TreatmentPlanned, ...]:
    made = []
    for place, item in enumerate(mapping.treatments.values()):
        own = np.flatnonzero(plan.choice == place)
        made.append(
            TreatmentPlanned(item.name, len(own), item.cost * len(own), float(gross[own, place].sum()))
        )
    return tuple(made)


def _resources(mapping: CollectionsFormat, demand: Demand, plan: Plan) -> tuple[ResourceUsed, ...]:
    used = demand.uses[plan.choice[plan.choice >= 0]].sum(axis=0)
    return tuple(
        ResourceUsed(name, float(demand.capacity[place]), float(used[place]), float(plan.prices[place]))
        for place, name in enumerate(mapping.capacity)
    )


def _barred(
    mapping: CollectionsFormat, limits: tuple[Limit, ...], contacts: Contacts, day: dt.date, cases: Cases
) -> list[int]:
    treatments = list(mapping.treatments.values())
    counts = []
    for limit in limits:
        allowed, _ = room([limit], treatments, contacts, (day - EPOCH).days, cases.person)
        counts.append(int((~allowed).any(axis=1).sum()))
    return counts


def _buckets(cases: Cases, demand: Demand, plan: Plan) -> tuple[BucketPlanned, ...]:
    bucket = np.array(cases.bucket, dtype=object).astype(str)
    value = np.where(plan.choice >= 0, demand.value[np.arange(len(cases)), np.maximum(plan.choice, 0)], 0.0)
    return tuple(
        BucketPlanned(
            name or "all", int(own.sum()), int((plan.choice[own] >= 0).sum()), float(value[own].sum())
        )
        for name in np.unique(bucket).tolist()
        if (own := bucket == name).any()
    )


def _rivals(cases: Cases, demand: Demand, plan: Plan) -> tuple[RivalPlan, ...]:
    """Return two rules of thumb on the same values: greatest worth first, and greatest value first."""
    case, kind = np.nonzero(demand.allowed & (demand.value > 0.0))
    worth = demand.value[case, kind]
    orders: dict[str, Array] = {
        "most owed first": np.lexsort((-worth, -cases.worth[case])),
        "most value first": np.argsort(-worth, kind="stable"),
    }
    made = []
    for name, order in orders.items():
        choice: Integers = granted(demand, case, kind, order)
        given = np.flatnonzero(choice >= 0)
        value = float(demand.value[given, choice[given]].sum())
        made.append(RivalPlan(name, value, plan.value - value))
    return tuple(made)


def _in_words(limit: Limit) -> str:
    what = "contacts" if limit.channel is None else f"{limit.channel} contacts"
    return f"at most {limit.at_most} {what} in {limit.days} days, a {limit.per}"


def _planned(cases: Cases, names: tuple[str, ...], demand: Demand, plan: Plan) -> tuple[PlannedCase, ...]:
    given = np.flatnonzero(plan.choice >= 0)
    value = demand.value[given, plan.choice[given]]
    return tuple(
        PlannedCase(cases.name[given[row]], names[plan.choice[given[row]]], float(value[row]))
        for row in np.argsort(-value, kind="stable")
    )


def _notes(
    mapping: CollectionsFormat, fitted: Kept | None, others: int, acts: str | None, fresh: bool
) -> tuple[str, ...]:
    said = []
    if fitted is not None:
        for name in mapping.treatments:
            if name not in fitted.models:
                said.append(f"{name} was never fitted: it adds nothing, and nobody gets it")
            elif not fitted.shown[name] and not fitted.ranks[name]:
                said.append(f"the effect of {name} is not shown: it adds nothing, and nobody gets it")
            elif not fitted.ranks[name]:
                said.append(f"for whom {name} adds most is not shown: everybody has its average")
    if fresh and mapping.limits:
        said.append("no contacts were told: limits count from today on")
    if acts is None and any(limit.binds for limit in mapping.limits):
        said.append("nobody was named who acts: limits that bind anybody are kept")
    if others:
        said.append(f"{others:,} contacts are of other cases: they count for nobody here")
    return tuple(said)
