"""Bad loans are refused with field and row."""

from __future__ import annotations

from dataclasses import fields
from types import SimpleNamespace

import numpy as np
import pytest

from loantwin.engine.columns import balloon_amount, check_columns, loan_columns, take
from loantwin.errors import ModelError

GOOD: dict[str, object] = {
    "segment": [0, 1],
    "age": [3, 4],
    "state": [0, 0],
    "product": [0, 1],
    "remaining_months": [12, 24],
    "principal": [100.0, 200.0],
    "annual_rate": [0.05, 0.06],
}


@pytest.mark.parametrize(
    ("field", "values", "row"),
    [
        ("principal", [100.0, float("nan")], 2),
        ("principal", [-1.0, 5.0], 1),
        ("annual_rate", [float("inf"), 0.1], 1),
        ("remaining_months", [12, 0], 2),
        ("remaining_months", [12.5, 3.0], 1),
        ("product", [0, 5], 2),
        ("guaranteed", [0.0, 1.5], 2),
        ("balloon", [0.0, 300.0], 2),
        ("rate_cap", [0.1, float("nan")], 2),
        ("weight", [1.0, -1.0], 2),
    ],
)
def test_a_bad_value_is_named_by_field_and_row(field: str, values: list[float], row: int) -> None:
    with pytest.raises(ModelError) as caught:
        loan_columns(**{**GOOD, field: values})  # type: ignore[arg-type]
    assert (caught.value.field, caught.value.row) == (field, row)


def test_a_column_of_another_length_is_refused() -> None:
    with pytest.raises(ModelError, match="expected 2 loans"):
        loan_columns(**{**GOOD, "age": [1, 2, 3]})  # type: ignore[arg-type]


def test_take_keeps_order_and_every_column(books: SimpleNamespace) -> None:
    columns = books.columns(50, seed=1)
    chosen = take(columns, np.array([7, 3, 3]))
    check_columns(chosen)
    for item in fields(columns):
        assert (getattr(chosen, item.name) == getattr(columns, item.name)[[7, 3, 3]]).all()


def test_a_balloon_is_at_most_what_is_outstanding() -> None:
    assert balloon_amount([0.3, 0.3], [1000.0, 1000.0], [500.0, 200.0]).tolist() == [300.0, 200.0]
