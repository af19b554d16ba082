"""What tables of processes, reviews and collections must tell."""

from __future__ import annotations

from typing import Any

from loantwin.interfaces.cli.tables.review_list import moment

from .reading import Rows, across, facts, of
from .tables import Table, find


@of("ProcessChecked")
def _checked(result: Any, found: list[Table]) -> Rows:
    told = {
        "process": result.process,
        "states": result.states,
        "steps": len(result.steps),
        "begins in": result.start,
        "ends in": ", ".join(result.ends),
    }
    yield from facts(found, "The process is", told)
    rows = find(found, "To mend").cells
    for item, cells in zip(result.findings, rows[1:], strict=True):
        yield from across(
            dict(zip(rows[0], cells, strict=True)),
            {"kind": item.kind, "place": item.place, "what": item.words},
        )
    for item in result.steps:
        row = find(found, "Steps").row(item.step)
        told = {"out of": ", ".join(item.source), "into": item.to, "asks for": item.asks, "staff": item.staff}
        yield from across(row, told)


@of("ProcessRun")
def _run(result: Any, found: list[Table]) -> Rows:
    told = {
        "on": result.on,
        "steps recorded now": result.recorded,
        "steps in all": result.steps_taken,
        "cases": result.cases,
        "of which ended": result.ended,
    }
    yield from facts(found, "Process", told)
    for item in result.states:
        hours = {"median hours": item.median_hours, "longest hours": item.longest_hours}
        told = {"cases": item.cases, "limit, hours": item.within_hours, "overdue": item.overdue}
        yield from across(find(found, "Cases by state").row(item.state), {**told, **hours})
    for item in result.steps:
        told = {"taken": item.taken, "people": item.people, "median hours before it": item.median_hours}
        yield from across(find(found, "Steps taken").row(item.step), told)


@of("ProcessSimulated")
def _simulated(result: Any, found: list[Table]) -> Rows:
    told = {
        "days measured": result.days,
        "warm-up days": result.warm_up_days,
        "replications": result.replications,
        "cases a replication": result.cases,
        "not ended": result.unfinished,
        "cost a week": result.cost.value,
        "cost a week, 95 % from": result.cost.low,
        "cost a week, to": result.cost.high,
    }
    yield from facts(found, "Process", told)
    for item in result.waits:
        quantiles = {"half": item.p50.value, "9 of 10": item.p90.value, "99 of 100": item.p99.value}
        told = {"cases": item.count, "who wait": item.waited.value, "mean": item.mean.value}
        yield from across(find(found, "How long cases wait").row(item.of), {**told, **quantiles})
        ends = {"mean from": item.mean.low, "mean to": item.mean.high}
        more = {"9 of 10 from": item.p90.low, "9 of 10 to": item.p90.high}
        yield from across(find(found, "Intervals over").row(item.of), {**ends, **more})
    for item in result.staff:
        told = {
            "people": item.people,
            "busy": item.busy.value,
            "95 % from": item.busy.low,
            "to": item.busy.high,
        }
        yield from across(find(found, "Staff").row(item.staff), told)
    for item in result.one_more:
        saved = {"saved": item.saved.value, "95 % from": item.saved.low, "to": item.saved.high}
        net = {"net": item.net.value, "net from": item.net.low, "net to": item.net.high}
        rest = {"wage": item.wage, "verdict": item.verdict}
        yield from across(find(found, "What one more").row(item.staff), {**saved, **net, **rest})
        told = {"9 of 10 wait now": item.p90_before, "then": item.p90_after}
        yield from across(find(found, "Hours waited with").row(item.staff), told)
    for name, item in result.ends.items():
        told = {"share": item.value, "95 % from": item.low, "to": item.high}
        yield from across(find(found, "Where cases end").row(name), told)
    if (own := result.formula) is not None:
        told = {"wait": own.waiting_probability, "mean hours": own.mean_wait, "leave": own.abandoned}
        yield from across(find(found, "The known answer").row(own.formula), told)


def _queue(item: Any, table: Table) -> Rows:
    told = {
        "state": item.state,
        "has it": item.assignee,
        "amount": item.amount,
        "proposed": item.proposed,
        "opened at": moment(item.opened),
        "due at": moment(item.due),
        "hours left": item.hours_left,
    }
    yield from across(table.row(item.case), told)


@of("ReviewList")
def _reviews(result: Any, found: list[Table]) -> Rows:
    told = {
        "on": result.on,
        "open": result.open,
        "overdue": result.overdue,
        "decided cases": result.decided,
        "median hours to the end": result.median_hours,
        "stays with a limit": result.stays,
        "of which late": result.late,
    }
    yield from facts(found, "Reviews", told)
    for item in result.reviews:
        yield from _queue(item, find(found, "The queue"))
    for item in result.overrides:
        row = find(found, "Decided otherwise").row(item.by)
        counts = {"decided": item.decided, "overridden": item.overridden}
        yield from across(row, {**counts, "share": item.share, "95 % from": item.low, "to": item.high})


@of("ReviewAssigned")
def _assigned(result: Any, found: list[Table]) -> Rows:
    yield from facts(found, "Case", {"step": result.step, "by": result.by})
    yield from _queue(result.review, find(found, "The case now"))


@of("ReviewDecided")
def _decided(result: Any, found: list[Table]) -> Rows:
    told = {
        "outcome": result.outcome,
        "step": result.step,
        "state": result.state,
        "ended": "yes" if result.final else "no",
        "by": result.by,
        "reason": result.reason,
        "amount": result.amount,
        "proposed": result.proposed,
        "overridden": "yes" if result.overridden else "no",
        "hours since it was opened": result.hours,
    }
    yield from facts(found, "Case", told)


@of("CollectionsFitted")
def _fitted(result: Any, found: list[Table]) -> Rows:
    told = {"rows": result.rows, "features": result.features, "written to": result.written}
    yield from facts(found, "Uplift fitted on", told)
    for item in result.treatments:
        effect = {"adds": item.average.value, "95 % from": item.average.low, "to": item.average.high}
        told = {"treated": item.treated, "untreated": item.untreated, "verdict": item.verdict}
        yield from across(find(found, "What treatments add").row(item.treatment), {**told, **effect})
        rank = {"Qini": item.qini.value, "95 % from": item.qini.low, "to": item.qini.high}
        told = {"estimator": item.estimator, "ranking": item.ranking}
        yield from across(find(found, "For whom").row(item.treatment), {**told, **rank})
        for part in item.groups:
            row = find(found, "Fifths of the cases").row(f"{item.treatment}, {part.number}")
            own = {"measured": part.measured.value, "95 % from": part.measured.low, "to": part.measured.high}
            yield from across(row, {"cases": part.rows, "estimated": part.predicted, **own})
    for item in result.tried:
        row = find(found, "Estimators tried").row(f"{item.treatment}, {item.estimator}")
        yield from across(row, {"error less average's": item.error, "95 % from": item.low, "to": item.high})


@of("CollectionsPlanned")
def _planned(result: Any, found: list[Table]) -> Rows:
    told = {
        "on": result.on,
        "who acts": result.acts,
        "valued by": result.chooser,
        "cases": result.cases,
        "treated": result.treated,
        "value": result.value,
        "no plan adds more than": result.bound,
        "limits broken": result.broken,
    }
    yield from facts(found, "Collections", told)
    for item in result.treatments:
        told = {"cases": item.cases, "cost": item.cost, "adds": item.adds}
        yield from across(find(found, "Treatments").row(item.treatment), told)
    for item in result.resources:
        told = {"capacity": item.capacity, "used": item.used, "one more unit adds": item.price}
        yield from across(find(found, "Capacity").row(item.resource), told)
    for item in result.limits:
        told = {"binds": item.binds, "cases barred": item.barred, "source": item.source}
        yield from across(find(found, "Limits of contact").row(item.limit), told)
    for item in result.buckets:
        told = {"cases": item.cases, "treated": item.treated, "value": item.value}
        yield from across(find(found, "Buckets").row(item.bucket), told)
    for item in result.rivals:
        told = {"value": item.value, "plan less rule": item.less}
        yield from across(find(found, "Simpler rules").row(item.rival), told)
