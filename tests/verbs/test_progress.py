"""What long work says of itself: shares that rise from its beginning to near its end, in small steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import loantwin as lt
from loantwin.types import Progress, stretch

Work = Callable[[Path, Path, Path, Progress], object]


def _create(raw: Path, home: Path, new: Path, progress: Progress) -> object:
    return lt.twin_create(new, raw / "tape.csv", raw / "mapping.toml", "2021-12-31", progress=progress)


WORK: dict[str, tuple[Work, float]] = {
    "tape check": (
        lambda raw, home, new, told: lt.tape_check(raw / "tape.csv", raw / "mapping.toml", progress=told),
        0.4,
    ),
    "twin create": (_create, 0.35),
    "ifrs9": (lambda raw, home, new, told: lt.provisions(home, "ifrs9", progress=told), 0.2),
    "cecl": (
        lambda raw, home, new, told: lt.provisions(home, "cecl", method="all", progress=told),
        0.2,
    ),
    "five-level": (lambda raw, home, new, told: lt.provisions(home, "five-level", progress=told), 0.2),
    "capital": (
        lambda raw, home, new, told: lt.capital(home, pd="point-in-time", any_date=True, progress=told),
        0.45,
    ),
}
"""Work, and the largest share that passes in silence."""


@pytest.mark.parametrize("name", WORK)
def test_no_large_part_passes_in_silence(
    name: str, raw_lender: Path, small_home: Path, tmp_path: Path
) -> None:
    work, largest = WORK[name]
    shares, words = [], []

    def told(share: float, text: str = "") -> None:
        shares.append(share)
        words.append(text)

    work(raw_lender, small_home, tmp_path / "new", told)
    assert shares == sorted(shares)
    assert words[0], "what is done is said from the start"
    steps = [after - before for before, after in zip([0.0, *shares], [*shares, 1.0], strict=True)]
    assert max(steps) <= largest, shares


def test_work_inside_other_work_tells_its_share_of_the_whole() -> None:
    told: list[tuple[float, str]] = []
    inner = stretch(stretch(lambda share, words="": told.append((share, words)), 0.2, 0.6), 0.5, 1.0)
    inner(0.0, "one")
    inner(0.5)
    inner(1.0)
    assert told == [(pytest.approx(0.4), "one"), (pytest.approx(0.5), ""), (pytest.approx(0.6), "")]
