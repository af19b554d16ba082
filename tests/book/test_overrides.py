import pytest

from loantwin.book.overrides import overrides
from loantwin.errors import UsageError


def test_overrides_are_numbers_where_they_can_be():
    assert overrides(["a=1.5", "b=slow"]) == {"a": 1.5, "b": "slow"}


@pytest.mark.parametrize("text", ["a", "=1"])
def test_an_override_has_a_name_and_a_value(text):
    with pytest.raises(UsageError, match="NAME=VALUE"):
        overrides([text])
