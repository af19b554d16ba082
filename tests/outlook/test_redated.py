"""A twin seen at another date equals one made for that date."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

import loantwin as lt
from loantwin.outlook.redated import twin_at

FED = "fed_scenarios/2025-Table_1A_Historic_Domestic.csv"


@pytest.mark.data
def test_a_twin_at_a_date_is_the_twin_made_for_it(data: Path, sba_home: Path, tmp_path: Path) -> None:
    day, made = date(2003, 12, 31), tmp_path / "then"
    lt.twin_create(made, data / "sba/sba_block.csv.gz", "sba", day)
    lt.fit(made, [data / FED, data / "fred/UNRATE.csv"])
    with lt.open(sba_home) as later, lt.open(made) as own:
        seen = twin_at(later, day)
        assert seen.as_of == day
        assert seen.book.loans.equals(own.book.loans)
        assert np.array_equal(seen.model.parameters.age, own.model.parameters.age)
        assert np.array_equal(seen.model.covariance, own.model.covariance)
        assert np.array_equal(seen.generator.residuals, own.generator.residuals)
        assert later.as_of == date(2005, 12, 31)
