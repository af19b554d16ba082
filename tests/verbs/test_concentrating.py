from pathlib import Path

import jsonschema
import numpy as np
import polars as pl
import pytest

from loantwin.errors import UsageError
from loantwin.twin import open_twin
from loantwin.verbs.concentrating import ConcentrationResult, concentration


def test_a_panel_twin(panel_home: Path) -> None:
    found = concentration(panel_home, by=("segment", "product", "region", "industry", "vintage"))
    jsonschema.validate(found.to_dict(), ConcentrationResult.json_schema())
    with open_twin(panel_home) as twin:
        loans = twin.book.loans
    by_hand = (
        loans.group_by("borrower_id").agg(pl.sum("gross_carrying_amount") + pl.sum("undrawn"))["gross_carrying_amount"].to_numpy()
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


def test_bad_arguments(panel_home: Path) -> None:
    with pytest.raises(UsageError, match="column of the book"):
        concentration(panel_home, by=("nonsense",))
    with pytest.raises(UsageError, match="confidence"):
        concentration(panel_home, confidence=1.0)
