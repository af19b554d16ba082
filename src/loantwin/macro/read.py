"""Read macro files and the `--scenario FILE[#NAME][=WEIGHT]` arguments that name them."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loantwin.errors import ScenarioError, UsageError, expected
from loantwin.macro.fed import is_fed, read_fed
from loantwin.macro.fred import is_series, read_series
from loantwin.macro.jump_off import jump_off
from loantwin.macro.scenario import Scenario
from loantwin.macro.source import MacroSource
from loantwin.macro.table import decoded, read_bytes, split
from loantwin.macro.user import read_csv, read_toml


def read_macro(path: Path | str, stored: bytes | None = None) -> MacroSource:
    """Read a macro file: a Fed table, a file of public series, a user's CSV or TOML.

    Parameters
    ----------
    stored : the file's bytes where they are kept elsewhere (a twin's home); `path` is then only its name.

    Raises
    ------
    ScenarioError : empty, header only, unknown columns, text where a number belongs, NaN or infinity, a gap,
        repeat or step back in dates, a value in the wrong unit; it names file, row and field.
    """
    path = Path(path)
    content, sha256 = read_bytes(path) if stored is None else (stored, hashlib.sha256(stored).hexdigest())
    warnings: tuple[str, ...] = ()
    if path.suffix.lower() == ".toml":
        native = read_toml(content, path)
        form, scenarios = "user", {native.name: native}
    else:
        table = split(decoded(content, path), path)
        if is_fed(table.header):
            form, (scenarios, warnings) = "fed", read_fed(table)
        elif is_series(table.header):
            form, (scenarios, warnings) = "series", read_series(table)
        else:
            form, scenarios = "user", read_csv(table)
    steps = {native.step for native in scenarios.values()}
    if len(steps) > 1:
        raise ScenarioError(expected("one frequency a file", "monthly and quarterly scenarios"), file=path)
    return MacroSource(
        str(path), sha256, form, "quarterly" if steps == {3} else "monthly", scenarios, warnings
    )


def monthly(
    source: MacroSource, sources: Sequence[MacroSource] = (), histories: Sequence[MacroSource] = ()
) -> tuple[Scenario, ...]:
    """Return the scenarios of a file by month.

    Where the file itself, one of `histories`, or one of `sources` that ends just before it has the row before
    a scenario's first (`jump_off`), the first quarter's months start from it; else they hold an index at the
    quarter's value.
    """
    found = []
    for native in source.scenarios.values():
        start = jump_off(native, source, histories, sources) if native.step == 3 else None
        before = start.values if start is not None and start.month == native.first - 1 else {}
        found.append(native.monthly(source.path, before))
    return tuple(found)


@dataclass(frozen=True)
class ScenarioArgument:
    """`FILE[#NAME][=WEIGHT]`, taken apart."""

    path: Path
    name: str | None = None
    weight: float | None = None


def parse_argument(text: str) -> ScenarioArgument:
    """Take a `--scenario` argument apart. An existing path wins over a reading of `#` and `=`.

    Raises
    ------
    ScenarioError : no such file, nothing after `#`, or a weight outside [0, 1].
    """
    if Path(text).is_file():
        return ScenarioArgument(Path(text))
    rest, weight = text, None
    left, sign, right = text.rpartition("=")
    if sign and (_is_number(right) or Path(left).is_file()):
        rest, weight = left, _weight(right, text)
    if Path(rest).is_file():
        return ScenarioArgument(Path(rest), None, weight)
    for place in [index for index, letter in enumerate(rest) if letter == "#"][
        ::-1
    ]:  # the longest path that exists
        if Path(rest[:place]).is_file():
            if not rest[place + 1 :]:
                raise ScenarioError(expected("a scenario's name after #", text), file=rest[:place])
            return ScenarioArgument(Path(rest[:place]), rest[place + 1 :], weight)
    raise ScenarioError(
        expected("FILE[#NAME][=WEIGHT] with a file that exists", text), file=rest.partition("#")[0]
    )


def select(
    argument: ScenarioArgument,
    sources: Sequence[MacroSource] = (),
    histories: Sequence[MacroSource] = (),
) -> tuple[Scenario, MacroSource]:
    """Return the scenario an argument names, by month, and its file; `sources`, `histories` as in `monthly`.

    Raises
    ------
    ScenarioError : a name the file does not have, or none where it has several scenarios.
    """
    source = read_macro(argument.path)
    names = ", ".join(source.scenarios)
    if argument.name is None and len(source.scenarios) > 1:
        raise ScenarioError(
            expected(f"FILE#NAME with a name of {names}", "no name"), file=argument.path, field="scenario"
        )
    name = argument.name if argument.name is not None else next(iter(source.scenarios))
    if name not in source.scenarios:
        raise ScenarioError(expected(f"a scenario of {names}", name), file=argument.path, field="scenario")
    scenarios = {scenario.name: scenario for scenario in monthly(source, sources, histories)}
    return scenarios[name], source


def result_names(arguments: Sequence[ScenarioArgument], scenarios: Sequence[Scenario]) -> list[str]:
    """Return the key of each scenario's results: its name, or FILESTEM#NAME where names collide.

    Raises
    ------
    UsageError : a scenario given twice.
    """
    counts = Counter(scenario.name for scenario in scenarios)
    keys = [
        scenario.name if counts[scenario.name] == 1 else f"{argument.path.stem}#{scenario.name}"
        for argument, scenario in zip(arguments, scenarios, strict=True)
    ]
    for key, count in Counter(keys).items():
        if count > 1:
            raise UsageError(expected("every scenario once", f"{key} {count} times"), field="scenario")
    return keys


def check_weights(arguments: Sequence[ScenarioArgument]) -> tuple[float, ...]:
    """Return the scenarios' weights: 1 for a single one, several must be given and sum to 1 (within 1e-9).

    Raises
    ------
    UsageError : a weight missing among several, a sum other than 1, or a single weight other than 1.
    """
    if len(arguments) == 1:
        weight = 1.0 if arguments[0].weight is None else arguments[0].weight
        if abs(weight - 1.0) > 1e-9:
            raise UsageError(
                expected("a weight of 1 for a single scenario", weight),
                file=arguments[0].path,
                field="weight",
            )
        return (1.0,)
    for argument in arguments:
        if argument.weight is None:
            raise UsageError(
                expected("a weight for each of several scenarios", "none"), file=argument.path, field="weight"
            )
    weights = tuple(argument.weight for argument in arguments if argument.weight is not None)
    if abs(math.fsum(weights) - 1.0) > 1e-9:
        raise UsageError(expected("weights that sum to 1", f"{math.fsum(weights):.12g}"), field="weight")
    return weights


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _weight(text: str, whole: str) -> float:
    if not _is_number(text) or not 0.0 <= float(text) <= 1.0:
        raise ScenarioError(expected(f"a weight between 0 and 1 after = in {whole!r}", text), field="weight")
    return float(text)
