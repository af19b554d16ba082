from pathlib import Path
from types import SimpleNamespace

import jsonschema
import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.errors import UsageError
from loantwin.verbs.concentration import ConcentrationResult, _connected, concentration


def test_a_panel_twin(panel_home: Path) -> None:
    found = concentration(panel_home, by=("segment", "product", "region", "industry", "vintage"))
    jsonschema.validate(found.to_dict(), ConcentrationResult.json_schema())
    with lt.open(panel_home) as twin:
        loans = twin.book.loans
    by_hand = (
        loans.group_by("borrower_id")
        .agg(pl.sum("gross_carrying_amount") + pl.sum("undrawn"))["gross_carrying_amount"]
        .to_numpy()
    )
    share = by_hand / by_hand.sum()
    assert found.unit == "borrower"
    assert found.names.herfindahl == pytest.approx(float((share**2).sum()))
    assert found.names.top["10"] == pytest.approx(float(np.sort(share)[-10:].sum()))
    assert found.intervals is None  # a known book is no estimate
    for sectors in found.sectors.values():
        assert sum(item.share for item in sectors.sectors.values()) == pytest.approx(1)
        assert sum(item.exposure for item in sectors.sectors.values()) == pytest.approx(found.exposure)
    assert {item.method for item in found.granularity} == {"one-factor normal", "Gordy and Luetkebohmert"}
    for item in found.granularity:
        assert 0 < item.adjustment < item.fine
    assert any("parties" in gap for gap in found.not_observable)


def test_an_assumed_book_has_intervals(sba_home: Path) -> None:
    found = concentration(sba_home, resamples=60)
    assert found.unit == "loan"
    assert found.intervals is not None
    assert found.intervals["herfindahl"].p05 < found.names.herfindahl < found.intervals["herfindahl"].p95
    assert found.names.names < found.loans


def test_connected_borrowers_count_as_one_name() -> None:
    """Loans a and b share a borrower, b and c a co-borrower; d's guarantor stands for c too, which does not
    connect them.
    """
    loans = pl.DataFrame({"loan_id": list("abcd"), "borrower_id": ["1", "1", "2", "3"]})
    rows = [
        ("b", "p", "co_borrower"),
        ("c", "p", "borrower"),
        ("c", "g", "guarantor"),
        ("d", "g", "guarantor"),
    ]
    parties = pl.DataFrame(rows, schema=["loan_id", "party_id", "role"], orient="row")
    twin = SimpleNamespace(book=SimpleNamespace(loans=loans, parties=parties))
    found = _connected(twin, np.array([10.0, 20.0, 30.0, 40.0]), np.ones(4), np.array([0, 0, 1, 2]))
    assert found is not None
    assert found.names.names == 2
    assert found.names.largest == 60
    assert found.joined == 1
    assert [(item.loans, item.share) for item in found.largest] == [(3, 0.6), (1, 0.4)]
    assert found.names.herfindahl == pytest.approx(0.36 + 0.16)


def test_bad_arguments(panel_home: Path) -> None:
    with pytest.raises(UsageError, match="column of the book"):
        concentration(panel_home, by=("nonsense",))
    with pytest.raises(UsageError, match="confidence"):
        concentration(panel_home, confidence=1.0)
