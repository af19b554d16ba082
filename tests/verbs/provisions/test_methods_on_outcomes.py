"""Methods of CECL on real outcomes: which fits, and which have nothing to go by."""

from __future__ import annotations

from pathlib import Path

import pytest

import loantwin as lt


@pytest.mark.slow
@pytest.mark.data
def test_the_method_that_fits_is_named_with_the_errors_of_a_year_ago(sba_home: Path) -> None:
    found = lt.provisions(sba_home, "cecl", method="vintage").to_dict()["_provenance"]["recommended"]
    assert found["method"] == "pd-lgd"
    assert "278 charge-offs" in found["reason"]
    assert set(found["errors"]) == {"pd-lgd", "warm", "vintage"}
    assert abs(found["errors"]["pd-lgd"]["error"]) < abs(found["errors"]["warm"]["error"])
    assert any(words.startswith("vintage extrapolates") for words in found["warnings"])
    assert "recommended" not in lt.provisions(sba_home, "cecl").to_dict()["_provenance"]


@pytest.mark.slow
@pytest.mark.data
def test_outcomes_alone_tell_no_roll_rate(sba_home: Path) -> None:
    found = lt.provisions(sba_home, "cecl", method="all").methods  # type: ignore[union-attr]
    assert found["roll-rate"].allowance is None
    assert "history of states" in found["roll-rate"].missing
    assert found["vintage"].allowance is not None
    assert found["warm"].allowance is not None
