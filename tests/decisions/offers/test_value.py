"""What another price would have earned: planted truth, halves of the experiment, overlap, propensities."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from loantwin.decisions.offers.log import Offers, read_offers
from loantwin.decisions.offers.mapping import OfferFormat, read_offer_format
from loantwin.decisions.offers.profit import profit
from loantwin.decisions.offers.rules import price_rule
from loantwin.decisions.offers.value import policy_value
from loantwin.errors import ConfigError, UsageError

from . import made
from .test_effects import EXAMPLE

RULES = (
    *(f"rate={rate:.2f}" for rate in np.arange(3.75, 7.75, 0.5)),
    *(f"cut={cut:g}" for cut in (-1.5, -1, -0.5, 0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2)),
)


def opened(folder: Path, frame: pl.DataFrame, mapping: str = made.MAPPING) -> tuple[Offers, OfferFormat]:
    log, form = made.files(folder, frame, mapping)
    told = read_offer_format(form)
    return read_offers(log, told), told


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_twenty_rules_agree_with_the_other_half_of_the_experiment(data: Path, seed: int) -> None:
    form = read_offer_format(EXAMPLE)
    offers = read_offers(data / "pricing_experiment" / "offers.csv.gz", form)
    offers = offers.take(~offers.beyond)
    earned, _ = profit(offers, form)
    assert earned is not None
    assert len(RULES) == 20
    half = np.random.default_rng(seed).random(len(offers)) < 0.5
    held = 0
    for words in RULES:
        rule = price_rule(words, offers, form)
        fit = policy_value(offers.take(half), earned[half], rule)
        own = policy_value(offers.take(~half), earned[~half], rule).weighted
        error = np.hypot((fit.high - fit.low) / 2.0, (own.high - own.low) / 2.0)
        held += abs(fit.rule - own.value) <= error
    assert held >= 17


def truth(cut: float) -> float:
    """Return the planted mean take-up at each stratum's middle price less `cut`."""
    return float(np.mean([base for base, _ in made.LEVELS.values()])) - cut * made.SLOPE


@pytest.mark.parametrize("confounded", [0.0, 0.7])
def test_a_planted_value_is_inside_the_interval(tmp_path: Path, confounded: float) -> None:
    """Profit is take-up itself here, so that the truth is a straight line."""
    offers, form = opened(tmp_path, made.log(20_000, seed=2, confounded=confounded))
    middle = {name: place for name, (_, place) in made.LEVELS.items()}
    rows = "".join(f'[[rates]]\nclass = "{name}"\nrate = {rate - 1.0}\n' for name, rate in middle.items())
    (tmp_path / "rule.toml").write_text(f'format = 1\nrate_unit = "percent a month"\n{rows}', "utf-8")
    rule = price_rule(tmp_path / "rule.toml", offers, form)
    told = policy_value(offers, offers.taken.astype(float), rule, identified=confounded == 0.0)
    assert told.low <= truth(1.0) <= told.high
    if confounded == 0.0:
        assert told.weighted.low <= truth(1.0) <= told.weighted.high
        assert told.difference.low <= truth(1.0) - truth(0.0) <= told.difference.high
        assert told.effective_size == pytest.approx(told.offers_inside, rel=0.02)


def test_known_propensities_undo_a_price_that_was_drawn_unevenly(tmp_path: Path) -> None:
    """High prices of the band are drawn three times as often; take-up falls steeply with price."""
    draw, number = np.random.default_rng(6), 40_000
    rate = draw.choice([5.6, 6.0, 6.4], number, p=[0.2, 0.2, 0.6])
    took = draw.random(number) < np.select([rate < 5.8, rate < 6.2], [0.5, 0.3], 0.1)
    frame = pl.DataFrame(
        {"class": "a", "rate": rate, "final": rate, "took": took.astype(int), "size": 100.0 * took,
         "late": 0.0 * took, "income": 0.0, "region": "x", "p": np.select([rate < 6.2], [0.2], 0.6)}
    )  # fmt: skip
    known = made.MAPPING.replace('late"\n', 'late"\npropensity = "p"\n')
    for mapping, wanted in ((made.MAPPING, 0.22), (known, 0.30)):
        offers, form = opened(tmp_path, frame, mapping)
        told = policy_value(offers, offers.taken.astype(float), price_rule("rate=6", offers, form))
        assert told.weighted.low <= wanted <= told.weighted.high


def test_a_rule_without_overlap_is_refused_by_stratum(tmp_path: Path) -> None:
    offers, form = opened(tmp_path, made.log(3000))
    earned = offers.taken.astype(float)
    with pytest.raises(UsageError, match="class b, where prices were 5 to 9 %, was 0"):
        policy_value(offers, earned, price_rule("rate=3.9", offers, form))
    offers, form = opened(tmp_path, made.log(12_000))
    earned = offers.taken.astype(float)
    with pytest.raises(UsageError, match="effective sample of at least 100"):
        policy_value(offers, earned, price_rule("cut=0", offers, form), band=0.01)
    with pytest.raises(UsageError, match="a band above 0"):
        policy_value(offers, earned, price_rule("cut=0", offers, form), band=0.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('format = 1\nrate_unit = "percent a month"\nprice = 5\n', "was .price"),
        ('format = 1\nrate_unit = "percent a month"\nrate = -1\n', "a rate of at least 0"),
        ('format = 1\nrate_unit = "percent"\nrate = 5\n', "percent a month"),
        ('format = 1\nrate_unit = "percent a month"\n[[rates]]\nclass = "z"\nrate = 5\n', "of the log"),
        ('format = 1\nrate_unit = "percent a month"\n[[rates]]\nclas = "a"\nrate = 5\n', "mean class"),
        ('format = 1\nrate_unit = "percent a month"\n[[rates]]\nclass = "a"\nrate = 5\n', "every stratum"),
        ('format = 2\nrate_unit = "percent a month"\nrate = 5\n', "format = 1"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_refused(tmp_path: Path, text: str, words: str) -> None:
    offers, form = opened(tmp_path, made.log(300))
    (tmp_path / "rule.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=words):
        price_rule(tmp_path / "rule.toml", offers, form)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cut=much", "a number after cut=, was 'cut=much'"),
        ("rate=-1", "a number after rate=, was 'rate=-1'"),
        ("rate=nan", "a number after rate=, was 'rate=nan'"),
        ("cheaper", "cut=POINTS or rate=RATE, was 'cheaper'"),
        ("no.toml", "a rule in a TOML file, .*, was 'no.toml'"),
    ],
)
def test_words_that_are_no_rule_are_refused(tmp_path: Path, text: str, words: str) -> None:
    offers, form = opened(tmp_path, made.log(300))
    with pytest.raises(UsageError, match=words):
        price_rule(text, offers, form)


def test_profit_is_the_sum_of_its_parts(tmp_path: Path) -> None:
    """By hand: 1,000 for 12 months at 2 % a month earns 240; 5 % funding costs 50; 30 late are lost."""
    frame = pl.DataFrame(
        {"class": ["a"] * 4, "rate": [3.0, 2.5, 2.0, 1.5], "final": [2.0] * 4, "took": [1, 0, 1, 0],
         "size": [1000.0, 0.0, 500.0, 0.0], "late": [30.0, None, 0.0, None], "income": [1.0, 2.0, 3.0, 5.0],
         "region": ["x"] * 4}
    )  # fmt: skip
    text = made.MAPPING + "arrears_lost = 0.5\ncost_per_loan = 7.0\ncost_per_offer = 1.0\n"
    offers, form = opened(tmp_path, frame, text)
    earned, said = profit(offers, form)
    assert earned is not None
    assert earned.tolist() == pytest.approx([240 - 50 - 15 - 7 - 1, -1, 120 - 25 - 0 - 7 - 1, -1])
    assert any("12 months" in words for words in said)
