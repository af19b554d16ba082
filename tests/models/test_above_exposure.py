"""More charged off than the exposure holds is said with its likely cause."""

import datetime as dt
from pathlib import Path

import pytest

import loantwin as lt

AS_OF = dt.date(2016, 12, 31)


@pytest.mark.data
def test_a_loss_above_the_exposure_names_the_unpaid_months(data: Path, tmp_path: Path) -> None:
    """Real loans whose charge-off comes five months after their last payment, read as if paid to the end."""
    club = data / "lending_club/accepted_1000_finished.csv"
    macro = [data / "fed_scenarios/2025-Table_1A_Historic_Domestic.csv", data / "fred/UNRATE.csv"]
    lost = {}
    for unpaid in (0, 6):
        home = tmp_path / str(unpaid)
        lt.twin_create(home, club, "lending-club", AS_OF, assume={"unpaid_months_at_default": unpaid})
        found = lt.fit(home, macro)
        lost[unpaid] = found.loss_given_default["charged_off"]["value"]
        said = [note for note in found.notes if "more was charged off than the exposure holds" in note]
        assert bool(said) == (lost[unpaid] > 1.0)
        if said:
            assert f"unpaid_months_at_default, now {unpaid}," in said[0]
    assert lost[0] > 1.1 > lost[6]
