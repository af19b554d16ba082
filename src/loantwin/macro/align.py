"""Re-date a scenario to the as-of date (`--align start`): the same shocks, from today's economy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from loantwin import months
from loantwin.arrays import Floats
from loantwin.errors import ScenarioError, expected
from loantwin.macro.history import known_history, nowcast
from loantwin.macro.jump_off import JumpOff, jump_off
from loantwin.macro.scenario import Scenario
from loantwin.macro.source import MacroSource, NativeTable


@dataclass(frozen=True)
class Alignment:
    """What re-dating did.

    scenario : its name. jump_off : month (YYYY-MM) of the row the scenario is measured against.
        jump_off_file : the file that row is from. first : month (YYYY-MM) the scenario now starts in.
        dropped : factor -> why. floored : yield -> the months in which it was set to 0. warnings : what else
        a reader should know.
    """

    scenario: str
    jump_off: str
    jump_off_file: str
    first: str
    dropped: Mapping[str, str]
    floored: Mapping[str, tuple[str, ...]]
    warnings: tuple[str, ...]


def align(
    scenario: Scenario,
    sources: Sequence[MacroSource],
    as_of: date,
    *,
    own: MacroSource | None = None,
    histories: Sequence[MacroSource] = (),
    monthly_lag: int = 1,
    quarterly_lag: int = 3,
    floor: bool = True,
) -> tuple[Scenario, Alignment]:
    """Return the scenario re-dated to start in the month after `as_of`, and what was done.

    Unemployment, other rates and yields move from their value at the as-of date (last published, carried on
    by `nowcast`) by the scenario's difference to its jump-off, yields not below 0 unless `floor` is False;
    indices by the ratio; growth and inflation are as stated. A series without a jump-off that can be trusted
    is dropped by name: nothing is spliced.

    Parameters
    ----------
    sources : what the economy at the as-of date is read from. own : the file that holds the scenario.
    histories : files named as its history. See `jump_off`, which looks in `own` and these first.

    Raises
    ------
    ScenarioError : a moved rate leaves [0, 1]; the sources hold no history at the as-of date.
    """
    table = None if own is None else own.scenarios.get(scenario.name)
    if table is None:
        table = NativeTable(
            scenario.name, scenario.first, 1, scenario.factors, scenario.kinds, scenario.values
        )
    start = jump_off(table, own, histories, sources)
    today = nowcast(known_history(sources, as_of, monthly_lag, quarterly_lag), as_of)
    return moved_to(scenario, start, today, as_of, floor=floor)


def moved_to(
    scenario: Scenario, start: JumpOff, today: Scenario, as_of: date, *, floor: bool = True
) -> tuple[Scenario, Alignment]:
    """Return the scenario from the month after `as_of` on, measured against `start`, from today's economy.

    Parameters
    ----------
    today : history carried on to the as-of date (`nowcast`). The rules are those of `align`.

    Raises
    ------
    ScenarioError : a moved rate leaves [0, 1].
    """
    as_of_month = months.month_of(as_of, months.anchor_day(as_of))
    now = dict(zip(today.factors, today.values[as_of_month - today.first], strict=True))
    values = np.full_like(scenario.values, np.nan)
    dropped: dict[str, str] = {}
    floored: dict[str, tuple[str, ...]] = {}
    for column, (factor, kind) in enumerate(zip(scenario.factors, scenario.kinds, strict=True)):
        if kind == "growth":
            values[:, column] = scenario.values[:, column]
            continue
        origin, base = start.values.get(factor, np.nan), float(now.get(factor, np.nan))
        if factor in start.dropped:
            dropped[factor] = start.dropped[factor]
        elif not np.isfinite(origin):
            dropped[factor] = f"no value at the jump-off, {months.label(start.month)} in {start.file}"
        elif not np.isfinite(base):
            dropped[factor] = f"no value published by {as_of.isoformat()}"
        else:
            moved = _moved(scenario.values[:, column], kind, origin, base)
            if kind == "yield" and floor and (moved < 0.0).any():
                floored[factor] = tuple(
                    months.label(as_of_month + 1 + int(place)) for place in np.flatnonzero(moved < 0.0)
                )
                moved = np.maximum(moved, 0.0)
            if kind == "rate":
                _check_rate(moved, factor, as_of_month + 1, scenario)
            values[:, column] = moved
    kept = [column for column, factor in enumerate(scenario.factors) if factor not in dropped]
    moved_scenario = Scenario(
        scenario.name,
        as_of_month + 1,
        tuple(scenario.factors[column] for column in kept),
        tuple(scenario.kinds[column] for column in kept),
        values[:, kept],
        scenario.source,
    )
    report = Alignment(
        scenario.name,
        months.label(start.month),
        start.file,
        months.label(as_of_month + 1),
        dropped,
        floored,
        start.warnings,
    )
    return moved_scenario, report


def _moved(path: Floats, kind: str, start: float, base: float) -> Floats:
    return path * (base / start) if kind == "index" else base + (path - start)


def _check_rate(moved: Floats, factor: str, first: int, scenario: Scenario) -> None:
    bad = np.flatnonzero((moved < 0.0) | (moved > 1.0))
    if bad.size:
        raise ScenarioError(
            expected(
                f"a rate between 0 and 1 after re-dating {scenario.name}",
                f"{moved[bad[0]]:.4f} in {months.label(first + int(bad[0]))}",
            ),
            file=scenario.source or None,
            field=factor,
        )
