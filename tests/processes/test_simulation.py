"""A process run forward: held to Erlang's formulas, to hand-worked days, and to its own luck."""

from __future__ import annotations

import numpy as np
import pytest

from loantwin.engine.randomness import key_of, philox
from loantwin.errors import ConfigError, UsageError
from loantwin.processes.queues import erlang_a, erlang_c
from loantwin.processes.reader import parse_process, read_process
from loantwin.processes.simulation.kernels import PURPOSE, draw, is_open, next_open, worked_off
from loantwin.processes.simulation.run import Length, run, staffed
from loantwin.processes.simulation.summary import percentiles

QUEUE = """
format = 1
name = "queue"
start = "in"
currency = "USD"
[states]
in = "It waits."
out = "It was served."
{more_states}
[staff.server]
people = {people}
{hours}
[arrivals]
per_hour = {rate}
{hours}
[[steps]]
name = "serve"
from = ["in"]
to = "out"
staff = "server"
time = {time}
{more}
"""
PATIENCE = """
[[steps]]
name = "leave"
from = ["in"]
to = "gone"
after = { kind = "exponential", mean_minutes = MINUTES }
"""


def queue(people: int, rate: float, minutes: float, patience: float | None = None, **told: str) -> str:
    return QUEUE.format(
        people=people,
        rate=rate,
        time=told.get("time", f'{{ kind = "exponential", mean_minutes = {minutes} }}'),
        hours=told.get("hours", ""),
        more="" if patience is None else PATIENCE.replace("MINUTES", str(patience)),
        more_states="" if patience is None else 'gone = "It left."',
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("people", "rate", "minutes"), [(1, 4.0, 9.0), (3, 12.0, 12.0), (10, 48.0, 10.0), (25, 100.0, 13.0)]
)
def test_waits_agree_with_erlang_c(people: int, rate: float, minutes: float) -> None:
    process = parse_process(queue(people, rate, minutes), "queue.toml")
    runs = run(process, staffed(process, None), Length(400.0, 5.0, 8, 11))
    waited = np.concatenate(runs.waited)
    known = erlang_c(rate, 60.0 / minutes, people)
    assert (waited > 0.0).mean() == pytest.approx(known.waiting_probability, rel=0.03)
    assert waited.mean() == pytest.approx(known.mean_wait, rel=0.03)


@pytest.mark.parametrize(
    ("people", "rate", "minutes", "patience"),
    [(5, 36.0, 10.0, 15.0), (3, 14.0, 12.0, 30.0), (8, 60.0, 9.0, 4.0)],
)
def test_impatience_agrees_with_erlang_a(people: int, rate: float, minutes: float, patience: float) -> None:
    process = parse_process(queue(people, rate, minutes, patience), "queue.toml")
    runs = run(process, staffed(process, None), Length(200.0, 2.0, 8, 3))
    known = erlang_a(rate, 60.0 / minutes, people, patience / 60.0)
    waited, left = np.concatenate(runs.step_waited), np.concatenate(runs.left)
    assert left.mean() == pytest.approx(known.abandoned, rel=0.03)
    assert waited.mean() == pytest.approx(known.mean_wait, rel=0.03)
    assert (waited > 0.0).mean() == pytest.approx(known.waiting_probability, rel=0.03)


def test_draws_are_philox() -> None:
    found = np.empty(4)
    low, high = key_of(2**40 + 77)
    for who, path, when in ((0, 0, 0), (12_345, 7, 3), (2**32 - 1, 19, 2**32 - 1)):
        draw(who, path, when, low, high, found)
        words = philox([who, path, when, PURPOSE], (low, high))
        assert found == pytest.approx((words.astype(float) + 0.5) / 2**32, abs=0.0)


def test_work_goes_on_when_the_next_day_begins() -> None:
    week = np.array([[24.0 * day + 9.0, 24.0 * day + 17.0] for day in range(5)])
    assert worked_off(week, 16.0, 1.0) == 17.0
    assert worked_off(week, 16.0, 3.0) == 24.0 + 11.0  # an hour on Monday, two on Tuesday
    assert worked_off(week, 4 * 24.0 + 16.0, 2.0) == 7 * 24.0 + 10.0  # from Friday over the weekend
    assert worked_off(week, 9.0, 40.0) == 4 * 24.0 + 17.0
    assert worked_off(week, 9.0, 120.5) == 3 * 168.0 + 9.5
    assert next_open(week, 5 * 24.0) == 168.0 + 9.0
    assert not is_open(week, 17.0)
    assert is_open(week, 9.0)


def test_a_case_that_comes_at_night_waits_for_the_morning() -> None:
    """One case an hour day and night, work of a minute, people who are always enough: waits are known."""
    text = queue(50, 1.0, 1.0, time='{ kind = "fixed", mean_minutes = 1 }').replace(
        "people = 50", 'people = 50\nfrom = "09:00"\nto = "17:00"'
    )
    runs = run(process := parse_process(text, "night.toml"), staffed(process, None), Length(300.0, 1.0, 4, 1))
    waited = np.concatenate(runs.waited)
    # a third of the day is open; the others wait evenly between 0 and 16 hours
    assert (waited == 0.0).mean() == pytest.approx(1 / 3, abs=0.01)
    assert waited.mean() == pytest.approx(2 / 3 * 8.0, rel=0.02)
    assert waited.max() <= 16.0


def test_priority_goes_first_and_work_is_kept() -> None:
    """Two classes at one server: who goes first waits less; the mean over both stays (work conservation)."""
    text = """
format = 1
name = "two"
start = "in"
[states]
in = "It came."
quick = "To be served first."
slow = "To be served after."
out = "Served."
[staff.server]
people = 2
[arrivals]
per_hour = 10
[[steps]]
name = "a"
from = ["in"]
to = "quick"
share = 0.5
[[steps]]
name = "b"
from = ["in"]
to = "slow"
share = 0.5
[[steps]]
name = "first"
from = ["quick"]
to = "out"
staff = "server"
priority = -1
time = { kind = "exponential", mean_minutes = 10 }
[[steps]]
name = "after"
from = ["slow"]
to = "out"
staff = "server"
time = { kind = "exponential", mean_minutes = 10 }
"""
    process = parse_process(text, "two.toml")
    runs = run(process, staffed(process, None), Length(300.0, 5.0, 8, 5))
    steps, waited = np.concatenate(runs.steps), np.concatenate(runs.step_waited)
    names = [step.name for step in runs.packed.steps]
    first, after = (waited[steps == names.index(name)].mean() for name in ("first", "after"))
    known = erlang_c(10.0, 6.0, 2)
    # Cobham (1954): mean waits of two classes
    base = known.waiting_probability / (2 * 6.0)
    assert first == pytest.approx(base / (1 - 5.0 / 12.0), rel=0.04)
    assert after == pytest.approx(base / ((1 - 5.0 / 12.0) * (1 - 10.0 / 12.0)), rel=0.04)
    assert (first + after) / 2 == pytest.approx(known.mean_wait, rel=0.04)


def test_the_same_seed_is_the_same_run_and_more_people_never_wait_longer() -> None:
    process = read_process("origination")
    length = Length(10.0, 3.0, 4, 9)
    runs = [run(process, staffed(process, {"clerk": people}), length) for people in (4, 4, 5)]
    for one, other in zip(runs[0].waited, runs[1].waited, strict=True):
        np.testing.assert_array_equal(one, other)
    assert [len(part) for part in runs[0].waited] == [
        len(part) for part in runs[2].waited
    ]  # the same arrivals
    assert (percentiles(runs[2]) <= percentiles(runs[0]) + 1e-9).all()


def test_empirical_and_lognormal_times_have_their_mean() -> None:
    for time, mean in (
        ('{ kind = "empirical", minutes = [2, 4, 12] }', 6.0),
        ('{ kind = "lognormal", mean_minutes = 6, deviation_minutes = 9 }', 6.0),
    ):
        process = parse_process(queue(40, 20.0, 1.0, time=time), "times.toml")
        runs = run(process, staffed(process, None), Length(120.0, 1.0, 4, 2))
        assert np.concatenate(runs.lasted).mean() * 60.0 == pytest.approx(mean, rel=0.02)


def test_what_cannot_be_run_is_refused() -> None:
    with pytest.raises(ConfigError, match="arrivals"):
        run(process := read_process("servicing"), staffed(process, None), Length())
    process = read_process("origination")
    with pytest.raises(UsageError, match="clerk"):
        staffed(process, {"clrk": 3})
    with pytest.raises(UsageError, match="at least 1 clerk"):
        staffed(process, {"clerk": 0})
    with pytest.raises(UsageError, match="replications"):
        run(process, staffed(process, None), Length(replications=1))
