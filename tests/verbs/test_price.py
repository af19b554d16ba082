"""`price`: what of applications it tells, levers in place of assumptions, files, wrong input, the page."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.decisions.offers.fitted import Levers, write_levers
from loantwin.decisions.pricing.effects import ASSUMED, price_effects
from loantwin.errors import ConfigError, UsageError
from loantwin.verbs.price.price import Priced

pytestmark = pytest.mark.usefixtures("few_paths")
ROOT = Path(__file__).resolve().parents[2]
ASKED = ROOT / "examples" / "applications_to_price.jsonl"
LEVERS = Levers(
    ("amount_log_slope", "late_log_odds_slope", "take_up_log_slope"), np.array([-0.06, 0.03, -0.04]),
    np.diag([1e-4, 1e-4, 1e-4]), np.zeros(3), "percent a year", 1.0, "USD", 4.0, 14.0, True, "drawn",
    "made up", "0" * 64,
)  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("price") / "twin"
    book = lt.example_book()
    lt.twin_create(folder, book.outcomes, book.outcomes_mapping, book.as_of)
    lt.fit(folder, [book.macro])
    return folder


@pytest.fixture(scope="module")
def found(home: Path) -> Priced:
    return lt.price(ASKED, twin=home, paths=40)


def test_parts_add_up_and_what_cannot_be_priced_says_why(found: Priced) -> None:
    rows = {item.application_id: item for item in found.prices}
    for item in found.prices:
        if item.annual_rate is None:
            continue
        earned = item.interest + item.fee + item.capital_benefit
        spent = item.funding + item.operating + item.acquisition + item.prepayment + item.expected_loss
        assert item.profit == pytest.approx(earned - spent)
        assert item.economic_profit == pytest.approx(item.profit - item.tax - item.capital_cost)
        assert (item.economic_profit > 0.0) == (item.break_even_rate < item.annual_rate)
        assert item.interval["economic_profit"].p05 < item.interval["economic_profit"].p95
    assert rows["P-5"].break_even_rate is not None
    assert rows["P-5"].economic_profit is None
    assert "no product of that name with a term" in str(rows["P-7"].problem)
    totals = {line.part: line for line in found.parts}
    rated = [item for item in found.prices if item.annual_rate is not None]
    assert totals["economic_profit"].amount.mean == pytest.approx(sum(i.economic_profit for i in rated))
    assert sum(line.sign * line.amount.mean for line in found.parts[:-1]) == pytest.approx(
        found.parts[-1].amount.mean
    )
    assert {line.basis for line in found.costs} == {"assumed"}


def test_the_same_applications_alone_or_in_another_order_get_the_same_price(
    home: Path, found: Priced
) -> None:
    frame = pl.read_ndjson(ASKED)
    turned = lt.price(frame.reverse(), twin=home, paths=40)
    assert turned.prices[::-1] == found.prices
    alone = lt.price(frame[1:2], twin=home, paths=40).prices[0]
    assert alone.economic_profit == pytest.approx(found.prices[1].economic_profit, rel=1e-9)
    assert alone.interval["raroc"].p05 == pytest.approx(found.prices[1].interval["raroc"].p05, rel=1e-6)


def test_settings_that_are_stated_are_no_longer_assumed(home: Path) -> None:
    file = home / "twin.toml"
    before = file.read_text()
    try:
        file.write_text(
            before + '\n[config.pricing]\nhurdle_rate = 0.2\nsource = "study of 2026"\n'
            '[config.funding]\ncurve = "1m 0.02, 5y 0.05"\nspread = 0.0\n'
        )
        made = lt.price(ASKED, twin=home, paths=4)
        lines = {line.name: line for line in made.costs}
        assert (lines["hurdle_rate"].basis, lines["hurdle_rate"].low) == ("study of 2026", None)
        assert lines["tax_rate"].basis == "assumed"
        assert "by matched maturity from 1 months 2.00%, 60 months 5.00%" in made.funding
        rates = {item.term_months: item.transfer_rate for item in made.prices if item.transfer_rate}
        assert rates[24] < rates[36] < rates[60] < 0.05
        file.write_text(before + '\n[config.funding]\ncurve = "5 %"\n')
        with pytest.raises(ConfigError, match=r"field funding\.curve: expected tenors with their rates"):
            lt.price(ASKED, twin=home, paths=4)
    finally:
        file.write_text(before)


def test_levers_move_risk_and_take_up_each_by_itself(home: Path, found: Priced, tmp_path: Path) -> None:
    file = write_levers(LEVERS, tmp_path / "levers.json")
    made = lt.price(ASKED, twin=home, levers=file, paths=40)
    dear = next(item for item in made.prices if item.application_id == "P-4")
    plain = next(item for item in found.prices if item.application_id == "P-4")
    assert dear.annual_pd > plain.annual_pd  # 16 % asked for, above what the book's loans pay
    assert dear.expected_profit == pytest.approx(dear.take_up * dear.economic_profit)
    assert 0.0 < dear.take_up < 0.5
    assert {line.effect: line.basis for line in made.effects} == dict.fromkeys(
        ("take_up", "size", "arrears"), "fitted"
    )
    assert "outside 4.0% to 14.0% a year" in " ".join(made.notes)
    wide, narrow = (item.interval["economic_profit"] for item in (dear, plain))
    assert wide.p95 - wide.p05 > 0.0
    assert narrow.p95 - narrow.p05 > 0.0


def test_an_effect_that_the_log_cannot_tell_stays_assumed() -> None:
    assert set(price_effects(None).basis.values()) == {ASSUMED}
    late = Levers(
        ("late_log_odds_slope",), np.array([-0.5]), np.eye(1), np.zeros(1), "percent a year", 1.0, "USD",
        4.0, 14.0, False, "not drawn", "made up", "0" * 64,
    )  # fmt: skip
    made = price_effects(late, 100, np.random.default_rng(1))
    assert made.basis == {"take_up": ASSUMED, "size": ASSUMED, "arrears": "fitted, not taken as a cause"}
    assert made.odds_slope[0] == 0.0  # dearer loans that are late less: taken as none
    assert (made.odds_slope >= 0.0).all()
    assert (made.take_up_slope == -15.0).all()


def test_wrong_input_is_one_message(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="field offers: expected a grid of offers that the policy"):
        lt.price(ASKED, twin=home, policy=ROOT / "examples" / "offer_policy.json")
    with pytest.raises(UsageError, match="expected at least 2 paths, was 1"):
        lt.price(ASKED, twin=home, paths=1)
    with pytest.raises(UsageError, match=r"field grade: expected a column grade"):
        lt.price(pl.read_ndjson(ASKED).drop("grade"), twin=home, paths=2)
    with pytest.raises(UsageError, match=r"field out: expected a file that ends in"):
        lt.price(ASKED, twin=home, paths=2, out=tmp_path / "prices.txt")
    with pytest.raises(ConfigError, match=r"levers\.json"):
        lt.price(ASKED, twin=home, paths=2, levers=tmp_path / "levers.json")


def test_files_hold_every_price(home: Path, found: Priced, tmp_path: Path) -> None:
    for name in ("prices.jsonl", "prices.csv", "prices.parquet"):
        made = lt.price(ASKED, twin=home, paths=40, out=tmp_path / name)
        assert made.prices == found.prices
    lines = [json.loads(line) for line in (tmp_path / "prices.jsonl").read_text().splitlines()]
    assert [line["break_even_rate"] for line in lines] == [item.break_even_rate for item in found.prices]
    table = pl.read_parquet(tmp_path / "prices.parquet")
    assert table["raroc_p95"][0] == found.prices[0].interval["raroc"].p95
    assert pl.read_csv(tmp_path / "prices.csv").height == len(found.prices)


def test_the_example_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "price.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    exec(compile(block, "price.md", "exec"), {})
    said = capsys.readouterr().out
    assert "P-1 0.05" in said
    assert "P-8 None income is missing" in said


def test_a_best_rate_at_the_end_of_the_grid_is_said_to_be_none(home: Path, tmp_path: Path) -> None:
    """Who takes up, and pays, the same at any price is best offered the dearest: no grid holds its best."""
    flat = replace(LEVERS, mean=np.array([-1e-6, 0.0, -1e-6]), covariance=np.diag([1e-12] * 3))
    grid = ROOT / "examples" / "offer_grid.toml"
    made = lt.price(ASKED, twin=home, levers=write_levers(flat, tmp_path / "l.json"), offers=grid, paths=20)
    assert made.offers is not None
    best = [item.best.annual_rate for item in made.offers.rows if item.best is not None]
    assert set(best) == {0.2}
    assert f"{len(best)} of {len(best)} best offers stand at the grid's highest rate" in " ".join(made.notes)
    steep = lt.price(ASKED, twin=home, offers=grid, paths=20)
    assert "highest rate" not in " ".join(steep.notes), "assumed take-up falls by 15 % a point"


def test_what_hangs_on_the_economy_has_an_interval_and_what_does_not_is_sure(found: Priced) -> None:
    """Who defaults or repays early pays no more interest: of paths that differ no sum is the same."""
    ends = {line.part: (line.amount.p05, line.amount.mean, line.amount.p95) for line in found.parts}
    for part in ("interest", "capital_benefit", "prepayment", "tax", "expected_loss"):
        low, mean, high = ends[part]
        assert low < mean < high, part
    for part in ("fee", "acquisition"):
        assert len(set(ends[part])) == 1, part
