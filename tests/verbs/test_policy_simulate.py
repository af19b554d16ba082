"""`policy simulate` on whole files: the page's example, a twin's expected loss, dates, refusals."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.book.tape import read_tape
from loantwin.errors import ArgumentError, UsageError
from tests.decisions.applied_for import policy_file
from tests.scored_book import AS_OF, MAPPING, scored_book

pytest.importorskip("zen", reason="not installed: zen-engine; pip install 'loantwin[policy]'")
pytestmark = pytest.mark.usefixtures("few_paths")
PAGE = Path(__file__).parents[2] / "docs" / "policy-simulate.md"
EXAMPLES = PAGE.parents[1] / "examples"
CREDIT, IN_FORCE = EXAMPLES / "credit.json", EXAMPLES / "credit_in_force.json"


@pytest.fixture(scope="module")
def book() -> lt.ExampleBook:
    return lt.example_book()


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Return what the page's example made, in a folder of its own."""
    (tmp_path / "examples").symlink_to(EXAMPLES)
    monkeypatch.chdir(tmp_path)
    made: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        exec(compile(block, "policy-simulate.md", "exec"), made)
    return made


def test_the_page_example_gives_what_the_page_says_and_holds_the_truth(ran: dict[str, object]) -> None:
    found, asked, loans = ran["found"], ran["asked"], ran["loans"]
    text = PAGE.read_text(encoding="utf-8").split("## Example")[1]
    said = [int(word.replace(",", "")) for word in re.findall(r"\b\d{1,3}(?:,\d{3})+\b", text)]
    loss, bounds = found.estimated_loss, found.bounds
    told = [loss.value, loss.low, loss.high, bounds.low, bounds.high]
    assert (said[0], found.approved_unseen) == (found.decisions["approve"], 141)
    assert said[1:6] == [round(value, -3) for value in told]
    score, amount = asked["score"].to_numpy(), asked["amount"].to_numpy()
    approved = (score >= 700) | ((score >= 640) & (amount <= 30_000))  # the policy's rows, by hand
    lost = (loans["charged_off"].fill_null(0) - loans["recovered"].fill_null(0)).to_numpy()
    truth = float(lost[approved].sum())
    assert said[6] == round(truth, -3)
    assert bounds.low <= loss.low <= truth <= loss.high <= bounds.high
    assert found.approved_amount == pytest.approx(amount[approved].sum())
    assert found.no_better >= bounds.low


def test_segments_sum_to_the_whole(ran: dict[str, object]) -> None:
    found = ran["found"]
    for name in ("applications", "unseen", "approved", "approved_amount", "realised_loss"):
        whole = found.applications - found.seen if name == "unseen" else getattr(found, name, None)
        whole = found.decisions["approve"] if name == "approved" else whole
        assert sum(getattr(item, name) for item in found.by_segment) == pytest.approx(whole)
    assert sum(item.estimated_loss.value for item in found.by_segment) == pytest.approx(
        found.estimated_loss.value
    )
    assert sum(item.difference.value for item in found.by_segment) == pytest.approx(found.difference.value)
    assert sum(item.bounds.high for item in found.by_segment) == pytest.approx(found.bounds.high)


def test_what_was_done_is_in_force_where_no_policy_is(book: lt.ExampleBook) -> None:
    found = lt.policy_simulate(CREDIT, book.outcomes, book.outcomes_mapping)
    loans = read_tape(book.outcomes, book.outcomes_mapping).loans
    lost = loans["charged_off"].fill_null(0).sum() - loans["recovered"].fill_null(0).sum()
    assert found.against == "what was done"
    assert found.decisions_against == {"approve": 2_000, "decline": 0, "refer": 0}
    assert found.realised_loss_against == pytest.approx(lost)
    assert found.bounds.low == found.bounds.high == found.estimated_loss.value == found.realised_loss
    assert any("no declined applications" in note for note in found.notes)


def test_a_period_and_an_as_of_date_leave_out_what_is_later(book: lt.ExampleBook) -> None:
    day = date(2022, 6, 30)
    whole = lt.policy_simulate(CREDIT, book.outcomes, book.outcomes_mapping)
    then = lt.policy_simulate(CREDIT, book.outcomes, book.outcomes_mapping, as_of=day)
    year = lt.policy_simulate(
        CREDIT, book.outcomes, book.outcomes_mapping, first=date(2021, 1, 1), last=date(2021, 12, 31)
    )
    assert year.applications < then.applications < whole.applications
    assert then.losses < whole.losses
    assert then.provenance["as_of"] == "2022-06-30"
    if then.losses < 20:
        assert then.verdict == "not shown"
        assert then.estimated_loss is None


def test_a_twin_says_what_loss_to_expect(tmp_path: Path) -> None:
    made = scored_book(tmp_path, loans=1_500, cases=1_500)
    made.mapping.write_text(MAPPING + 'debt.source = "debt"\n')
    lt.score_train(
        made.cases, target="end", good="good", time="lent", folds="1x3", models=["logistic"],
        out=tmp_path / "scores", exclude=["grade"],
    )  # fmt: skip
    policy = policy_file(tmp_path, (585, 575, 550))
    plain = lt.policy_simulate(policy, made.tape, made.mapping, model=tmp_path / "scores", by=["grade"])
    assert plain.decisions["refer"] == 1_500  # income and debts, which the policy reads, are not on the tape
    assert plain.expected_loss is None
    credit = tmp_path / "credit.json"
    text = CREDIT.read_text(encoding="utf-8")
    for old, new in (("700", "590"), ("640", "570"), ("600", "550")):
        text = text.replace(old, new)
    credit.write_text(text, encoding="utf-8")
    alone = lt.policy_simulate(credit, made.tape, made.mapping, model=tmp_path / "scores", by=["grade"])
    assert "annual_pd" in alone.expected_by
    lt.twin_create(tmp_path / "twin", made.tape, made.mapping, AS_OF)
    lt.fit(tmp_path / "twin", score=tmp_path / "scores", score_file=made.tape)
    seen = lt.policy_simulate(
        credit, made.tape, made.mapping, model=tmp_path / "scores", twin=tmp_path / "twin", by=["grade"]
    )
    assert "the twin" in seen.expected_by
    assert seen.decisions == alone.decisions
    assert sum(item.expected_loss for item in seen.by_segment) == pytest.approx(seen.expected_loss)
    assert 0.2 < seen.expected_loss / seen.realised_loss < 5.0


def test_a_tape_without_ends_shows_decisions_alone(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    rows = pl.DataFrame(
        {"number": [f"L{row}" for row in range(50)], "lent": ["2020-01-15"] * 50, "months": [36] * 50,
         "amount": np.round(random.uniform(1_000, 9_000, 50), 2), "points": random.integers(560, 720, 50),
         "owed": [500.0] * 50}
    )  # fmt: skip
    rows.write_csv(tmp_path / "book.csv")
    (tmp_path / "book.toml").write_text(
        'name = "book"\nkind = "snapshot"\ncurrency = "EUR"\nas_of = 2021-01-31\nobserves = ["balance"]\n'
        '[columns]\nloan_id.source = "number"\nproduct.constant = "instalment"\n'
        'term_months.source = "months"\n'
        'origination_date = { source = "lent", formats = ["%Y-%m-%d"] }\nscore.source = "points"\n'
        'originated_amount.source = "amount"\nprincipal.source = "owed"\n',
        encoding="utf-8",
    )
    found = lt.policy_simulate(CREDIT, tmp_path / "book.csv", tmp_path / "book.toml", by=["score"])
    assert sum(found.decisions.values()) == 50
    empty = (found.realised_loss, found.estimated_loss, found.bounds, found.difference, found.no_better)
    assert empty == (None,) * 5
    assert found.verdict == "not shown"
    assert any("does not tell charge-offs" in note for note in found.notes)
    assert len(found.by_segment) == 4


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"by": ["colour"]}, "colour"),
        ({"way": "guess"}, "guess"),
        ({"worse": 0.0}, "worse"),
        ({"first": date(2040, 1, 1)}, "an application in the period"),
        ({"model": "nowhere"}, "nowhere"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    book: lt.ExampleBook, options: dict[str, object], words: str
) -> None:
    with pytest.raises((UsageError, ArgumentError), match=words):
        lt.policy_simulate(CREDIT, book.outcomes, book.outcomes_mapping, **options)


def test_a_declined_application_that_stands_twice_is_refused(book: lt.ExampleBook) -> None:
    """It would count twice in the bounds."""
    asked = [{"application_id": "D-1", "amount": 900.0, "term_months": 12}] * 2
    with pytest.raises(UsageError, match="each declined application once, was 'D-1 twice'"):
        lt.policy_simulate(CREDIT, book.outcomes, book.outcomes_mapping, declined=pl.DataFrame(asked))
