from types import SimpleNamespace

import pytest

from loantwin.errors import UsageError
from loantwin.outlook.portfolio import checked_weights


def test_weights():
    def given(*weights):
        return [SimpleNamespace(name=str(place), weight=weight) for place, weight in enumerate(weights)]

    assert checked_weights(given()) == ()
    assert checked_weights(given(None)) == (1.0,)
    assert checked_weights(given(0.25, 0.75)) == (0.25, 0.75)
    for wrong in ((0.5,), (0.5, None), (0.5, 0.6)):
        with pytest.raises(UsageError):
            checked_weights(given(*wrong))
