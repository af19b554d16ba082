"""The truth of synthetic books lies in the fit's own intervals as often as they promise."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from scipy.stats import binom

from loantwin.models.fitted import FittedModel
from loantwin.models.model import fit_model
from loantwin.models.settings import FitSettings, MacroPrior
from loantwin.models.spline import basis_values
from loantwin.models.uncertainty import EdgeErrors
from loantwin.synthesis.default_truth import COVARIATES
from loantwin.synthesis.generate import SyntheticBook, generate

pytestmark = pytest.mark.slow

Z90 = 1.6448536269514722
SEEDS = range(1, 6)
SETTINGS = FitSettings(
    effects=tuple(
        MacroPrior(item.factor, item.transform, item.lag, (0.0, 0.3), (0.0, 0.3)) for item in COVARIATES
    ),
    edge_macro=0.3,
)
EDGES = (("current", "dpd_1_29"), ("current", "prepaid"))


def edge_at(model: FittedModel | SyntheticBook, ends: tuple[str, str]) -> int:
    parameters = model.parameters if isinstance(model, FittedModel) else model.truth.transitions
    pairs = [
        (parameters.states[a], parameters.states[b])
        for a, b in zip(parameters.origin, parameters.target, strict=True)
    ]
    return pairs.index(ends)


def errors_of(model: FittedModel, edge: int) -> tuple[EdgeErrors, np.ndarray]:
    assert model.errors is not None
    found = model.errors.edges[edge]
    assert found is not None
    return found, model.errors.segment


def inside(estimate: float, truth: float, deviation: float) -> bool:
    return abs(estimate - truth) <= Z90 * deviation


def age_hits(book: SyntheticBook, model: FittedModel, ends: tuple[str, str]) -> list[bool]:
    """Return whether the curve's rise from age 12 to other ages lies in its interval."""
    mine, theirs = edge_at(model, ends), edge_at(book, ends)
    error, _ = errors_of(model, mine)
    basis = basis_values(error.knots, model.parameters.age.shape[1])
    made = []
    for age in (4, 7, 20, 32):
        step = basis[age] - basis[12]
        deviation = np.sqrt(step @ error.covariance[: len(step), : len(step)] @ step)
        rise = [
            curve[age] - curve[12]
            for curve in (model.parameters.age[mine], book.truth.transitions.age[theirs])
        ]
        made.append(inside(rise[0], rise[1], deviation))
    return made


def grade_hits(book: SyntheticBook, model: FittedModel, ends: tuple[str, str]) -> list[bool]:
    """Return whether differences between grades of one product lie in their intervals."""
    mine, theirs = edge_at(model, ends), edge_at(book, ends)
    (error, rows), names = errors_of(model, mine), model.parameters.segments
    start = len(error.knots) - 4
    own = error.covariance[start : start + rows.shape[1], start : start + rows.shape[1]]
    made = []
    for product, low, high in (
        ("instalment", "A", "C"),
        ("instalment", "C", "E"),
        ("mortgage", "B", "D"),
        ("revolving", "A", "E"),
    ):
        pair = [names.index(f"{product}|{grade}") for grade in (high, low)]
        truth = [book.truth.transitions.segments.index(f"{product}|{grade}") for grade in (high, low)]
        gap = rows[pair[0]] - rows[pair[1]]
        got = model.parameters.segment[mine][pair[0]] - model.parameters.segment[mine][pair[1]]
        want = (
            book.truth.transitions.segment[theirs][truth[0]]
            - book.truth.transitions.segment[theirs][truth[1]]
        )
        made.append(inside(got, want, float(np.sqrt(gap @ own @ gap))))
    return made


def macro_hits(book: SyntheticBook, model: FittedModel, ends: tuple[str, str]) -> list[bool]:
    """Return whether macro effects lie in their intervals, the truth's put on the scale of the model's
    covariates.
    """
    mine, theirs = edge_at(model, ends), edge_at(book, ends)
    record = next(item for item in model.diagnostics["edges"] if item["edge"] == " -> ".join(ends))
    made = []
    for place, covariate in enumerate(model.covariates):
        truth = (
            book.truth.transitions.macro[theirs][place] * covariate.scale / book.truth.covariates[place].scale
        )
        made.append(
            inside(
                model.parameters.macro[mine][place], truth, record["macro"][covariate.name]["standard_error"]
            )
        )
    return made


def level_hits(book: SyntheticBook, model: FittedModel) -> list[bool]:
    """Return whether the size of the credit level's innovations lies in its interval."""
    mine = edge_at(model, EDGES[0])
    process, loading = model.processes[0], model.parameters.loading[mine, 0]
    points = np.array(process.points)
    order = np.argsort(points[:, 2])
    total = np.cumsum(points[order, 0])
    low, high = (points[order, 2][np.searchsorted(total, share)] for share in (0.05, 0.95))
    return [bool(loading * low <= book.truth.innovation[0] <= loading * high)]


def severity_hits(book: SyntheticBook, model: FittedModel) -> list[bool]:
    """Return whether the share charged off of all defaults lies in its interval."""
    truth, record = book.truth.loss_given_default(), model.diagnostics["severity"]["charged_off"]
    panel = book.panel.join(book.loans.select("loan_id", "product"), on="loan_id").sort(
        "loan_id", "report_date"
    )
    before = panel.filter(panel["state"].is_in(["dpd_60_89"])).group_by("loan_id").last()
    gone = set(panel.filter(panel["state"] == "default_0_3")["loan_id"])
    held = before.filter(before["loan_id"].is_in(list(gone)))
    share = {
        name.split("|")[0]: truth.charged_off[place, 0]
        for place, name in enumerate(book.truth.transitions.segments)
    }
    weight = held["principal"].to_numpy()
    want = float(np.average([share[name] for name in held["product"]], weights=weight))
    return [inside(record["value"], want, record["standard_error"])]


@pytest.fixture(scope="module")
def hits() -> dict[str, list[bool]]:
    found: dict[str, list[bool]] = defaultdict(list)
    for seed in SEEDS:
        book = generate(8_000, 42, seed=seed)
        model = fit_model(book.loans, book.panel, book.mapping, book.as_of, book.macro, settings=SETTINGS)
        assert model.errors is not None
        for ends in EDGES:
            found["age"] += age_hits(book, model, ends)
            found["grades"] += grade_hits(book, model, ends)
            found["macro"] += macro_hits(book, model, ends)
        found["level"] += level_hits(book, model)
        found["severity"] += severity_hits(book, model)
    return found


@pytest.mark.parametrize("name", ["age", "grades", "macro", "level", "severity"])
def test_each_part_is_found_nearly_as_often_as_promised(hits: dict[str, list[bool]], name: str) -> None:
    # what one book tells of a part hangs together: a bound for a third of the observations, at 1 in 1,000
    count, wanted = len(hits[name]), max(len(hits[name]) // 3, 6)
    assert np.mean(hits[name]) >= binom.ppf(0.001, min(wanted, count), 0.9) / min(wanted, count)


def test_all_parts_together_are_found_as_often_as_promised(hits: dict[str, list[bool]]) -> None:
    every = [hit for part in hits.values() for hit in part]
    effective = len(every) // 3
    assert (
        binom.ppf(0.005, effective, 0.9) / effective
        <= np.mean(every)
        <= binom.ppf(0.995, effective, 0.9) / effective
    )
