"""What each check is there to find, planted: a format, model or standard with one thing wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loantwin as lt
from loantwin.conformance import product as conformance
from loantwin.errors import LoantwinError, MappingError, ModelError, RiskError, TapeError
from loantwin.models.fitted import FittedModel
from loantwin.models.model import fit_model
from loantwin.models.registry import TransitionModel
from loantwin.products.registry import BY_NAME, PRODUCTS, REGISTRY, Product
from loantwin.risk.allowance import Part
from loantwin.risk.provisions.measurement import exposures
from loantwin.risk.provisions.pooled import PooledAllowance, pooled_allowance
from loantwin.types import Estimate
from loantwin.verbs.loss.models import gaussian
from tests.conformance.by_hand import stated

# --- formats

PLAIN = """
name = "plain"
words = "A made-up tape."
currency = "EUR"
[columns]
loan_id = { source = "No" }
originated_amount = { source = "Amount" }
product = { constant = "instalment" }
origination_date = { constant = 2020-01-31 }
term_months = { constant = 36 }
annual_rate = { constant = 0.05 }
[assumptions]
haircut = { value = 0.3, unit = "decimal", words = "Taken off." }
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('words = "A made-up tape."', "", "field words: expected words"),
        ('currency = "EUR"', "", "field currency: expected a currency like USD, was 'none'"),
        ('currency = "EUR"', 'currency = "euro"', "field currency: expected a currency like USD, was 'euro'"),
        ('words = "Taken off."', 'words = " "', r"field assumptions\.haircut: expected words"),
        ('currency = "EUR"', 'currency = "EUR"\nspeed = 1', "speed"),
    ],
)
def test_a_format(old: str, new: str, words: str, tmp_path: Path) -> None:
    path, tape = tmp_path / "plain.toml", tmp_path / "tape.csv"
    path.write_text(PLAIN)
    lt.check_format(path)
    path.write_text(PLAIN.replace(old, new))
    with pytest.raises(MappingError, match=words):
        lt.check_format(path)
    path.write_text(PLAIN)
    tape.write_text("No,Amount\n1,100\n")
    lt.check_format(path, tape)
    tape.write_text("No,Amount\n1,many\n")
    with pytest.raises(TapeError, match="unparsable_number"):
        lt.check_format(path, tape)


# --- products


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "one two"}, "expected a name of letters and a meaning"),
        ({"meaning": ""}, "expected a name of letters and a meaning"),
        ({"amortises": False}, "expected an amortisation of a product due at the end, was 'annuity'"),
        ({"amortisation": "bullet"}, "expected an amortisation of a product that amortises, was 'bullet'"),
        ({"amortisation": "level"}, "expected an amortisation of annuity, equal-principal"),
        ({"redraws": True}, "expected a product that amortises or redraws, was 'both'"),
        ({"minimum_payment": 0.02}, "expected a minimum payment in"),
    ],
)
def test_a_product(change: dict[str, object], words: str) -> None:
    plain = Product("plain", "Level payments.", amortises=True)
    lt.check_product(plain)
    with pytest.raises(ModelError, match=words):
        lt.check_product(replace(plain, **change))


def test_a_product_that_runs_off_otherwise_than_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="expected one of"):
        lt.check_product("instalmnt")
    mortgage = replace(REGISTRY[PRODUCTS.index("mortgage")], amortisation="seasonal")
    monkeypatch.setattr(conformance, "BY_NAME", replace(BY_NAME, built_in={"mortgage": mortgage}))
    with pytest.raises(ModelError, match="mortgage: expected an amortisation that the month grid knows"):
        lt.check_product("mortgage")


# --- provision standards

Standard = Callable[..., Any]


def flat(portfolio, scenarios, _config, _beside, rate: float = 0.01, **changes: object) -> PooledAllowance:
    losses = np.full((len(portfolio.columns.principal), len(scenarios)), rate)
    losses *= exposures(portfolio).exposure[:, None]
    return replace(pooled_allowance("flat", portfolio, scenarios, losses), **changes)  # type: ignore[arg-type]


def changed(**changes: Callable[[PooledAllowance], object]) -> Standard:
    def standard(*asked: Any) -> PooledAllowance:
        made = flat(*asked)
        return replace(made, **{name: change(made) for name, change in changes.items()})  # type: ignore[arg-type]

    return standard


def fickle() -> Standard:
    turn = count(1)
    return lambda *asked: flat(*asked, rate=0.01 * next(turn))


def by_place(portfolio, scenarios, _config, _beside) -> PooledAllowance:
    losses = np.repeat(
        np.arange(len(portfolio.columns.principal), dtype=float)[:, None], len(scenarios), axis=1
    )
    return pooled_allowance("place", portfolio, scenarios, losses)


def greedy(portfolio, scenarios, config, beside) -> PooledAllowance:
    made = flat(portfolio, scenarios, config, beside)
    return made if made.exposure else replace(made, allowance=1.0, allowance_gross=1.0)


def spoiling(portfolio, scenarios, config, beside) -> PooledAllowance:
    made = flat(portfolio, scenarios, config, beside)
    portfolio.columns.principal[:] = 0.0
    return made


def unguaranteed(portfolio, scenarios, config, beside) -> PooledAllowance:
    bare = replace(
        portfolio, columns=replace(portfolio.columns, guaranteed=0.0 * portfolio.columns.guaranteed)
    )
    return flat(bare, scenarios, config, beside)


def test_a_plain_standard_passes() -> None:
    lt.check_standard(flat)


@pytest.mark.parametrize(
    ("standard", "words"),
    [
        (lambda *_: 3.0, "a PooledAllowance, was 'float'"),
        (changed(currency=lambda made: "USD"), "EUR, was '2024-12-31, USD'"),
        (changed(exposure=lambda made: made.exposure + 1), "an exposure of"),
        (changed(allowance=lambda made: -1.0), "an allowance of at least 0"),
        (changed(allowance=lambda made: 2 * made.allowance_gross), "no more than before them"),
        (changed(by_pool=lambda made: {}), "parts whose loans sum to 24"),
        (
            changed(by_pool=lambda made: {**made.by_pool, "x": Part(0, 0.0, 0.0, 1.0, 0.0)}),
            "parts whose allowance sum to",
        ),
        (changed(by_scenario=lambda made: {}), "by_scenario of"),
        (fickle(), "the same allowance of the same book"),
        (by_place, "whatever the order of the loans"),
        (greedy, "nothing owed by a book without loans"),
        (spoiling, "principal of the loans left as it was"),
        (unguaranteed, "an allowance of 0 net of full guarantees"),
    ],
)
def test_a_standard(standard: Standard, words: str) -> None:
    with pytest.raises(RiskError, match=f"standard .*: expected .*{words}"):
        lt.check_standard(standard)


def test_a_standard_that_says_nan() -> None:
    with pytest.raises(LoantwinError, match="finite"):
        lt.check_standard(changed(allowance=lambda made: float("nan")))


# --- transition models


def with_change(**changes: Callable[[FittedModel], object]) -> TransitionModel:
    def learner(*history: Any) -> FittedModel:
        made = stated(*history)
        return replace(made, **{name: change(made) for name, change in changes.items()})  # type: ignore[arg-type]

    return learner


def renamed(names: Callable[[tuple[str, ...]], tuple[str, ...]]) -> TransitionModel:
    return with_change(
        parameters=lambda made: replace(made.parameters, segments=names(made.parameters.segments))
    )


def wandering() -> TransitionModel:
    turn: Iterator[int] = count()
    return with_change(conversion_factor=lambda made: 0.01 * next(turn))


def only_panels(loans, panel, mapping, as_of, history) -> FittedModel:
    if panel is None:
        raise ModelError("expected a panel, was a table of outcomes")
    return stated(loans, panel, mapping, as_of, history)


def none_at_all(*_: object) -> FittedModel:
    raise ModelError("expected a longer history")


@pytest.mark.parametrize("model", [stated, only_panels])
def test_a_model_made_by_hand_passes(model: TransitionModel) -> None:
    lt.check_transition_model(model)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (none_at_all, "transition model none_at_all: expected a model of a panel or of outcomes"),
        (lambda *_: 3, "a FittedModel from transition model"),
        (with_change(errors=lambda made: None), "errors of estimation"),
        (with_change(as_of=lambda made: made.as_of.replace(year=1999)), "a model as of"),
        (with_change(covariance=lambda made: np.zeros((5, 5))), r"\(2, 2\)"),
        (with_change(lgd=lambda made: replace(made.lgd, charge_off_lag=np.zeros(1))), "sum to 1"),
        (
            with_change(
                parameters=lambda made: replace(
                    made.parameters, segments=("x", *made.parameters.segments[1:])
                )
            ),
            "every segment of the book",
        ),
        (
            with_change(
                parameters=lambda made: replace(
                    made.parameters, segments=(*made.parameters.segments[:-1], "x")
                )
            ),
            r"the segment \(pooled\)",
        ),
        (wandering(), "the same model from the same history"),
        (
            with_change(parameters=lambda made: replace(made.parameters, age=np.array([[-800.0], [-3.0]]))),
            "default probabilities from 0 to below 1",
        ),
    ],
)
def test_a_transition_model(model: TransitionModel, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        lt.check_transition_model(model)


def test_the_built_in_model_given_itself_passes_as_by_name() -> None:
    lt.check_transition_model(fit_model)


# --- loss models


@cache
def sound(home: Path) -> Any:
    """Return losses with nothing wrong, made once."""
    made = []
    lt.check_loss_model(lambda *asked: made.append(gaussian(*asked)) or made[0], home)
    return made[0]


def told(**changes: Callable[[Any], object]) -> Callable[..., Any]:
    def model(inputs: Any, _settings: Any) -> Any:
        made = sound(inputs.outlook.twin.home.folder)
        return replace(made, **{name: change(made) for name, change in changes.items()})

    return model


def raised(estimate: Estimate, by: float) -> Estimate:
    return replace(estimate, value=estimate.value + by)


def restless() -> Callable[..., Any]:
    turn = count()
    return lambda inputs, settings: gaussian(inputs, replace(settings, seed=next(turn)))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (lambda *_: None, "a LossResult, was 'NoneType'"),
        (told(months=lambda made: 6), "the book, months and confidence asked for"),
        (told(es=lambda made: raised(made.var, -1_000.0)), "an expected shortfall beyond the value at risk"),
        (told(unexpected_loss=lambda made: raised(made.unexpected_loss, 5.0)), "an unexpected loss of"),
        (
            told(gross=lambda made: replace(made.gross, expected_loss=Estimate(0.0, 0.0))),
            "an unexpected loss of",
        ),
        (
            told(by_segment=lambda made: dict(list(made.by_segment.items())[1:])),
            "segments whose expected_loss sum",
        ),
        (told(curve=lambda made: made.curve[::-1]), "a curve of rising losses"),
        (told(standard_deviation=lambda made: Estimate(-1.0, 0.0)), "standard_deviation of at least 0"),
        (restless(), "the same losses from the same inputs and seed"),
    ],
)
def test_a_loss_model(model: Callable[..., Any], words: str, panel_home: Path) -> None:
    with pytest.raises(RiskError, match=f"loss model .*: expected {words}"):
        lt.check_loss_model(model, panel_home)


def test_a_loss_model_that_says_nan(panel_home: Path) -> None:
    with pytest.raises(LoantwinError, match="finite"):
        lt.check_loss_model(told(var=lambda made: Estimate(float("nan"), 0.0)), panel_home)
