"""Models of portfolio losses on a small twin: one expected loss, contributions that sum, options that are
refused by name.
"""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import jsonschema
import pytest

import loantwin as lt
from loantwin.errors import ConfigError, InputError, RiskError, UsageError
from loantwin.interfaces.report.loss.page import page
from loantwin.risk.loss.loss import LossResult

MODELS = ("twin", "gaussian", "t", "credit-risk-plus")


@pytest.fixture(scope="module")
def results(panel_home: Path) -> dict[str, LossResult]:
    made = {}
    for model in MODELS:
        paths = None if model == "credit-risk-plus" else 3_000
        found = lt.loss(panel_home, model=model, confidence=0.99, paths=paths)
        assert isinstance(found, LossResult)
        made[model] = found
    return made


@pytest.mark.parametrize("model", MODELS)
def test_contributions_sum_and_the_document_is_valid(results: dict[str, LossResult], model: str) -> None:
    made = results[model]
    assert made.model == model
    for name, total in (("expected_loss", made.expected_loss), ("var", made.var), ("es", made.es)):
        assert sum(getattr(item, name) for item in made.by_segment.values()) == pytest.approx(
            total.value, rel=1e-9
        )
    document = json.loads(json.dumps(made.to_dict(), allow_nan=False))
    jsonschema.validate(document, LossResult.json_schema())
    assert document["es"]["value"] >= document["var"]["value"] > document["expected_loss"]["value"] > 0
    chances = [point.probability for point in made.curve]
    assert chances == sorted(chances, reverse=True)


def test_models_share_mean_and_spread_and_differ_in_the_tail(results: dict[str, LossResult]) -> None:
    twin = results["twin"]
    for model in ("gaussian", "credit-risk-plus"):
        made = results[model]
        assert made.expected_loss.value == pytest.approx(
            twin.expected_loss.value, abs=5 * twin.expected_loss.standard_error
        )
        assert made.standard_deviation.value == pytest.approx(twin.standard_deviation.value, rel=0.15)
        assert made.var.value == pytest.approx(twin.var.value, rel=0.25)
    assert results["t"].es.value > results["gaussian"].es.value
    assert results["gaussian"].gross.var.value >= results["gaussian"].var.value


def test_names_add_up_to_less_than_the_shortfall(results: dict[str, LossResult]) -> None:
    made = results["gaussian"]
    assert 0 < sum(item.es for item in made.top_names) < made.es.value
    assert [item.es for item in made.top_names] == sorted((item.es for item in made.top_names), reverse=True)


@pytest.mark.slow
def test_a_stated_correlation_and_severity_raise_the_tail(panel_home: Path) -> None:
    found = []
    for options in (
        {"correlation": "0.02"},
        {"correlation": "0.2"},
        {"correlation": "0.2", "lgd": "frye-jacobs"},
    ):
        made = lt.loss(panel_home, model="gaussian", sectors="none", confidence=0.99, paths=3_000, **options)  # type: ignore[arg-type]
        assert isinstance(made, LossResult)
        found.append(made)
    assert found[0].var.value < found[1].var.value < found[2].var.value
    assert found[0].expected_loss.value == pytest.approx(found[2].expected_loss.value, rel=1e-12)


def test_the_latent_process_alone_moves_less(panel_home: Path, results: dict[str, LossResult]) -> None:
    made = lt.loss(panel_home, model="gaussian", correlation="latent", confidence=0.99, paths=3_000)
    assert isinstance(made, LossResult)
    assert made.standard_deviation.value < results["gaussian"].standard_deviation.value * 1.02


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"model": "copula"}, UsageError, "one of twin, all, gaussian, t"),
        ({"model": "gaussian", "sectors": "region"}, InputError, "none, segment, product"),
        ({"model": "gaussian", "correlation": "1.5"}, InputError, "from 0 to below 1"),
        ({"model": "gaussian", "correlation": "high"}, InputError, "implied, latent"),
        ({"model": "gaussian", "factor_correlation": -0.9}, InputError, "positive semi-definite"),
        ({"model": "t", "degrees_of_freedom": 1.0}, InputError, "more than 2 degrees"),
        ({"model": "gaussian", "lgd": "beta"}, InputError, "constant, frye-jacobs"),
        ({"model": "gaussian", "confidence": 1.0}, RiskError, "between 0 and 1"),
        ({"model": "credit-risk-plus", "correlation": "0.1"}, UsageError, "implied or latent"),
        ({"model": "twin", "correlation": "0.1"}, UsageError, "correlation"),
        ({"model": "twin", "paths": None, "confidence": 0.9999999}, RiskError, "confidence"),
    ],
)
def test_bad_options_are_named(
    panel_home: Path, options: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises((error, ConfigError), match=words):
        lt.loss(panel_home, **{"paths": 3_000, "confidence": 0.99, **options})  # type: ignore[arg-type]


def test_the_page_shows_figures_and_needs_no_network(results: dict[str, LossResult]) -> None:
    html = page("panel", results["gaussian"])
    assert "Chance of losing more" in html
    assert "Who makes the tail" in html
    assert not re.search(r'(src|href)="(?!#)', html)  # nothing is fetched


def rows_of(html: str) -> list[list[str]]:
    """Return the text of each cell of each row of a page's tables."""
    rows = re.findall(r"<tr.*?</tr>", html, re.DOTALL)
    cells = (re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL) for row in rows)
    return [[unescape(re.sub(r"<.*?>", "", cell)).strip() for cell in row] for row in cells]


@pytest.mark.parametrize("model", ["twin", "gaussian"])
def test_each_figure_of_the_page_stands_beside_its_words(results: dict[str, LossResult], model: str) -> None:
    made = results[model]
    rows = rows_of(page("panel", made))
    beside = made.supervisory
    assert beside is not None
    wanted = {
        "loss at 99 %, this model": made.var.value,
        f"loss at {100 * beside.confidence:g} %, supervisory correlations": beside.var,
        "of it expected, through the cycle": beside.expected_loss,
        "risk-weighted assets, standardised": beside.rwa,
        "regulatory capital": beside.capital,
    }
    told = {row[0]: row[1] for row in rows if len(row) == 2}
    assert {words: told[words] for words in wanted} == {
        words: f"{value:,.0f}" for words, value in wanted.items()
    }
    head = next(row for row in rows if row[0] == "segment")
    places = {
        head.index("expected loss"): "expected_loss",
        head.index("of VaR"): "var",
        head.index("of ES"): "es",
    }
    inside = rows[rows.index(head) + 1 :]
    total = next(row for row in inside if row[0] == "total")
    listed = inside[: inside.index(total)]
    for place, name in places.items():
        assert total[place] == f"{getattr(made, name).value:,.0f}"
        shown = sum(float(row[place].replace(",", "")) for row in listed)
        assert shown == pytest.approx(getattr(made, name).value, abs=len(listed))
    ordered = sorted(made.by_segment.values(), key=lambda item: -item.es)
    assert listed[0][1:4] == [f"{getattr(ordered[0], name):,.0f}" for name in ("expected_loss", "var", "es")]
