"""China's five levels: boundaries by day, minima and ratios worked by hand."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import date
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from loantwin.errors import RiskError
from loantwin.risk.allowance import Exposures
from loantwin.risk.provisions.five_level import (
    AssetFacts,
    FiveLevelResult,
    classify,
    five_level,
    graded,
    load_rules,
)

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
AS_OF = date(2024, 6, 30)
CLASSES = ("normal", "special_mention", "substandard", "doubtful", "loss")


def facts(
    days: list[float], impaired: bool = False, restructured: bool = False, share: float = math.nan
) -> AssetFacts:
    size = len(days)
    return AssetFacts(
        np.array(days, dtype=float),
        np.full(size, impaired),
        np.full(size, restructured),
        np.zeros(size, dtype=bool),
        np.full(size, share),
    )


@pytest.mark.parametrize(
    ("days", "name"),
    [
        (0, "normal"),
        (1, "special_mention"),
        (90, "special_mention"),
        (91, "substandard"),
        (270, "substandard"),
        (271, "doubtful"),
        (360, "doubtful"),
        (361, "loss"),
        (math.nan, "normal"),
    ],
)
def test_boundaries_in_days(days: float, name: str) -> None:
    assert CLASSES[classify(facts([days]), load_rules())[0]] == name


@pytest.mark.parametrize(
    ("share", "name"),
    [(math.nan, "substandard"), (0.49, "substandard"), (0.5, "doubtful"), (0.89, "doubtful"), (0.9, "loss")],
)
def test_credit_impaired_by_expected_loss(share: float, name: str) -> None:
    assert CLASSES[classify(facts([0.0], impaired=True, share=share), load_rules())[0]] == name


def test_restructured_is_at_least_special_mention() -> None:
    assert CLASSES[classify(facts([0.0], restructured=True), load_rules())[0]] == "special_mention"


def test_minima_and_ratios_by_hand() -> None:
    exposures = Exposures(np.full(5, 1000.0), np.ones(5), np.array([0.0, 0.0, 0.0, 0.5, 0.0]))
    booked = np.array([5.0, 30.0, 300.0, 500.0, 1000.0])
    result = five_level(AS_OF, "CNY", exposures, facts([0, 30, 100, 300, 400]), {"base": 1.0}, booked=booked)
    assert [result.by_class[name].allowance_gross for name in CLASSES] == [10.0, 20.0, 250.0, 500.0, 1000.0]
    assert result.allowance_gross == 1780.0
    assert result.allowance == 1530.0
    # non-performing 3,000: 150 % is 4,500, above 2.5 % of 5,000; under relief 120 % is 3,600
    # the ratios read what the books carry, 1,835, and no minimum
    assert result.booked is not None
    assert result.booked.allowance == 1835.0
    assert list(result.booked.by_class.values()) == booked.tolist()
    assert "no expected loss" in result.allowance_basis
    assert result.coverage.provision_coverage == pytest.approx(1835 / 3000)
    assert result.coverage.loan_provision == pytest.approx(1835 / 5000)
    assert (result.coverage.required, result.coverage.required_relief) == (4500.0, 3600.0)
    assert result.coverage.shortfall == 4500.0 - 1835.0
    assert result.coverage.minimum_shortfall == 0.0
    assert result.by_scenario["base"].allowance == result.allowance
    jsonschema.validate(
        json.loads(json.dumps(result.to_dict(), allow_nan=False)), FiveLevelResult.json_schema()
    )


def test_a_sound_book_has_no_coverage_of_bad_loans() -> None:
    result = five_level(
        AS_OF,
        "CNY",
        Exposures(np.array([1000.0]), np.ones(1), np.zeros(1)),
        facts([0.0]),
        {"base": 1.0},
        booked=np.array([4.0]),
    )
    assert result.coverage.provision_coverage is None
    assert result.coverage.required == 25.0  # 2.5 % of all loans
    assert result.coverage.shortfall == 21.0
    assert result.coverage.minimum_shortfall == 6.0  # 1 % of 1,000 less the 4 that are booked
    untold = five_level(
        AS_OF, "CNY", Exposures(np.array([1000.0]), np.ones(1), np.zeros(1)), facts([0.0]), {"base": 1.0}
    )
    assert (untold.booked, untold.coverage.loan_provision, untold.coverage.shortfall) == (None, None, None)


def test_a_debtor_with_more_than_a_tenth_bad_has_all_of_it_bad() -> None:
    """Debtor 0 owes 900 in time and 101 at 100 days: 10.09 % of 1,001. Debtor 1 owes 900 and 100: 10 %."""
    balance = np.array([900.0, 101.0, 900.0, 100.0, 900.0, 100.0, 900.0, 100.0])
    days = [0.0, 100.0, 0.0, 100.0, 0.0, 400.0, 0.0, 400.0]
    debtor = np.array([0, 0, 1, 1, -1, -1, 2, 2])
    told = replace(facts(days), debtor=debtor)
    found = five_level(AS_OF, "CNY", Exposures(balance, np.ones(8), np.zeros(8)), told, {"base": 1.0})
    assert found.debtor_moved == 1
    assert {name: part.loans for name, part in found.by_class.items()} == {
        "normal": 3,
        "special_mention": 0,
        "substandard": 3,
        "doubtful": 0,
        "loss": 2,  # a loan keeps its own class where that is worse
    }
    # 9 % and 1 % of 100: weights count, so that ten rows of the good loan dilute the bad one
    weighted = np.array([10.0, 1.0, *np.ones(6)])
    codes = graded(told, balance * weighted, load_rules())
    assert CLASSES[codes[0]] == "normal"
    assert any("more than 10% of its balance" in rule for rule in found.rules)
    assert (
        five_level(
            AS_OF, "CNY", Exposures(balance, np.ones(8), np.zeros(8)), facts(days), {"base": 1.0}
        ).debtor_moved
        is None
    )


def test_the_schema_before_is_kept_and_refuses_what_is_made_now() -> None:
    """Coverage reads the booked allowance now, so the number rose; old documents can still be checked."""
    old = json.loads((SCHEMAS / "provisions-1-five-level.json").read_text("utf-8"))
    exposures = Exposures(np.array([1000.0]), np.ones(1), np.zeros(1))
    made = five_level(AS_OF, "CNY", exposures, facts([0.0]), {"base": 1.0}).to_dict()
    assert (old["title"], made["schema"]) == ("loantwin.provisions/1", "loantwin.provisions/2")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(made, old)


def test_unobservable_classes_are_absent() -> None:
    exposures = Exposures(np.array([1000.0]), np.ones(1), np.zeros(1))
    result = five_level(
        AS_OF, "USD", exposures, facts([math.nan]), {"base": 1.0}, None, ("days_past_due: none",), CLASSES[1:]
    )
    assert set(result.by_class) == {"normal"}
    assert (result.coverage.required, result.coverage.required_relief, result.coverage.shortfall) == (
        None,
        None,
        None,
    )
    assert result.not_observable == ("days_past_due: none",)


def test_rules_say_where_an_article_was_not_checked() -> None:
    words = " ".join(rule.words() for rule in load_rules().rules)
    assert "article 11(1))" in words
    assert "not checked" in words


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        (
            'class = "special_mention"\nfact = "days_past_due"',
            'class = "splendid"\nfact = "days_past_due"',
            "class",
        ),
        ("above = 0.10 #", "above = 1.10 #", "debtor"),
        ('fact = "watch"', 'fact = "mood"', "fact"),
        ("above = 270", "above = 270\nat_least = 271", "days_past_due"),
        ('non_performing = ["substandard"', 'non_performing = ["bad"', "non_performing"),
        ("loss = 1.00", "lost = 1.00", None),
    ],
)
def test_a_wrong_rule_file_is_refused(tmp_path: Path, old: str, new: str, field: str | None) -> None:
    source = Path(load_rules.__code__.co_filename).with_suffix(".toml").read_text("utf-8")
    assert old in source
    path = tmp_path / "rules.toml"
    path.write_text(source.replace(old, new, 1), "utf-8")
    with pytest.raises(RiskError) as caught:
        load_rules(path)
    assert caught.value.file == str(path)
    assert caught.value.field == field
