from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import jsonschema
import numpy as np
import pytest

from loantwin.errors import InputError, LoantwinError
from loantwin.types import Interval, Result


@dataclass(frozen=True)
class Sample(Result):
    SCHEMA = "loantwin.sample/1"

    as_of: date
    figures: Mapping[str, Interval | None]
    counts: tuple[int, ...]
    provenance: Mapping[str, str]


def test_a_result_fits_the_schema_made_from_its_fields():
    result = Sample(
        date(2005, 12, 31), {"balance": Interval(1.0, 0.5, 2.0), "recovered": None}, (1, 2), {"seed": "1"}
    )
    document = result.to_dict()
    assert document["schema"] == "loantwin.sample/1"
    assert document["_provenance"] == {"seed": "1"}
    assert document["as_of"] == "2005-12-31"
    jsonschema.validate(document, Sample.json_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**document, "counts": ["one"]}, Sample.json_schema())


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), np.float64("nan")])
def test_numbers_that_are_none_never_leave(bad):
    result = Sample(date(2005, 12, 31), {"balance": Interval(bad, 0.0, 0.0)}, (), {})
    with pytest.raises(LoantwinError, match="finite"):
        result.to_dict()


def test_an_error_names_its_place():
    error = InputError("expected a date, was 'x'", file="tape.csv", row=3, loan="7", field="ApprovalDate")
    assert str(error) == "file tape.csv, row 3, loan 7, field ApprovalDate: expected a date, was 'x'"
