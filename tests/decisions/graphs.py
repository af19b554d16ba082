"""What tests of decision graphs share: the graphs of the data folder, sameness, inputs around cuts."""

import copy
import gzip
import json
import math

import polars as pl

from loantwin.decisions.graph.read import parse_graph
from loantwin.decisions.graph.refusals import cells
from loantwin.decisions.graph.syntax import Constant, walk
from loantwin.errors import InputError


def read_all(folder):
    """Return the 61 graphs of the data folder."""
    with gzip.open(folder / "jdm" / "graphs_with_tests.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [parse_graph(document, document["name"]) for document in map(json.loads, lines)]


def same(one, two):
    """Return whether two answers are one: numbers within 1e-9, a missing field as null."""
    if isinstance(one, dict) and isinstance(two, dict):
        return all(same(one.get(key), two.get(key)) for key in {*one, *two})
    if isinstance(one, dict) != isinstance(two, dict) and {type(one), type(two)} >= {dict, type(None)}:
        return not any(value is not None for value in (one or two or {}).values())
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, bool) or isinstance(two, bool):
        return one is two
    if isinstance(one, int | float) and isinstance(two, int | float):
        return math.isclose(one, two, rel_tol=1e-9, abs_tol=1e-9)
    return one == two


def cuts(graph):
    """Return the numbers and the texts that a graph's cells and expressions name."""
    numbers, texts = {0.0, 1.0}, {"another"}
    for cell in cells(graph):
        try:
            tree = cell.tree()
        except InputError:
            continue
        for part in walk(tree):
            if part == Constant(None) or (isinstance(part, Constant) and isinstance(part.value, bool)):
                continue
            if isinstance(part, Constant):
                (texts if isinstance(part.value, str) else numbers).add(part.value)
    return sorted(numbers), sorted(texts)


def leaves(value, path=()):
    """Yield the paths of what is no object in an input."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    else:
        yield path


def moved(sample, picks, numbers, texts):
    """Return an input like the sample whose fields stand on a cut, or a unit beside it.

    picks : for each leaf (which cut, which unit, missing or not), drawn by the test.
    """
    made = copy.deepcopy(sample)
    for path, (which, unit, gone) in zip(list(leaves(sample)), picks, strict=False):
        place = made
        for key in path[:-1]:
            place = place[key]
        now = place[path[-1]]
        if gone:
            place[path[-1]] = None
        elif isinstance(now, bool):
            place[path[-1]] = bool(which % 2)
        elif isinstance(now, int | float):
            cut = numbers[which % len(numbers)]
            place[path[-1]] = float(f"{cut + unit:.12g}")
        elif isinstance(now, str) and which % 3:
            place[path[-1]] = texts[which % len(texts)]
        elif isinstance(now, list) and now:
            place[path[-1]] = now[: which % (len(now) + 1)]
    return made


def as_frame(inputs):
    """Return inputs as a frame of structs, numbers as float64."""
    return pl.DataFrame(inputs, infer_schema_length=None, strict=False)
