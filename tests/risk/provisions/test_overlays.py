"""Overlays: read from TOML, in scope, in force, beside the model; every mistake is named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.errors import RiskError
from loantwin.risk.provisions.overlays import Overlay, overlay_effects, read_overlays

AS_OF = date(2025, 6, 30)
GOOD = 'name = "floods"\nauthor = "A"\nreason = "R"\nexpires = 2025-12-31\n'


def overlay(**changes: object) -> Overlay:
    return Overlay(
        **{
            "name": "floods",
            "author": "A",
            "reason": "R",
            "expires": date(2025, 12, 31),
            "percent": 10.0,
            **changes,
        }
    )  # type: ignore[arg-type]


def effects(*overlays: Overlay, modelled: tuple[float, ...] = (10.0, 30.0, 60.0, 0.0)):  # type: ignore[no-untyped-def]
    return overlay_effects(
        overlays,
        AS_OF,
        np.array(modelled),
        np.array([100.0, 100.0, 100.0, 100.0]),
        np.array([0, 0, 1, 1]),
        ("north", "south", "empty"),
        np.array([0, 1, 2, 0]),
        ("1", "2", "3"),
    )


def test_a_percentage_of_what_is_in_scope() -> None:
    found, added = effects(
        overlay(), overlay(name="b", percent=-50.0, segments=("north",), stages=("2", "3"))
    )
    assert [(item.loans, item.modelled, item.amount) for item in found] == [
        (4, 100.0, 10.0),
        (1, 30.0, -15.0),
    ]
    assert added == pytest.approx([1.0, 3.0 - 15.0, 6.0, 0.0])


def test_an_amount_is_spread_as_the_model_is_or_as_exposure() -> None:
    found, added = effects(overlay(percent=None, amount=20.0, segments=("south",)))
    assert found[0].amount == 20.0
    assert added == pytest.approx([0.0, 0.0, 20.0, 0.0])
    _, added = effects(overlay(percent=None, amount=20.0), modelled=(0.0, 0.0, 0.0, 0.0))
    assert added == pytest.approx([5.0] * 4)


@given(st.floats(-100, 300), st.lists(st.floats(0, 1e6), min_size=4, max_size=4))
@settings(max_examples=50, deadline=None)
def test_what_loans_get_sums_to_the_amount(percent: float, modelled: list[float]) -> None:
    found, added = effects(overlay(percent=percent), modelled=tuple(modelled))
    assert added.sum() == pytest.approx(found[0].amount, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (
            {"expires": date(2025, 6, 29)},
            "overlay floods: expected an overlay in force at 2025-06-30, was .*expired on 2025-06-29",
        ),
        (
            {"segments": ("west",)},
            "overlay floods: segments: expected one of north, south, empty, was 'west'",
        ),
        ({"stages": ("4",)}, "overlay floods: stages: expected one of 1, 2, 3, was '4'"),
        ({"segments": ("empty",)}, "overlay floods: expected a scope that holds a loan, was 'none'"),
        (
            {"percent": None, "amount": -101.0},
            "overlay floods: expected at most the modelled 100.00 in scope taken off, was 101.0",
        ),
    ],
)
def test_an_overlay_that_does_not_fit_is_refused_by_name(bad: dict[str, object], words: str) -> None:
    with pytest.raises(RiskError, match=words):
        effects(overlay(**bad))


def test_an_overlay_is_in_force_to_the_end_of_its_last_day() -> None:
    assert effects(overlay(expires=AS_OF))[0][0].amount == 10.0


def test_a_file_is_read_in_order(tmp_path: Path) -> None:
    file = tmp_path / "overlays.toml"
    file.write_text(
        f'[[overlay]]\n{GOOD}percent = 10\nstages = ["1"]\n[[overlay]]\n{GOOD.replace("floods", "b")}amount '
        "= -5.5\n"
    )
    first, second = read_overlays(file)
    assert first == overlay(stages=("1",))
    assert second == overlay(name="b", percent=None, amount=-5.5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "tables"),
        ("[[overlay]\n", "readable TOML"),
        (f"[[overlay]]\n{GOOD}", "expected amount or percent, was 'neither'"),
        (f"[[overlay]]\n{GOOD}percent = 1\namount = 2", "expected amount or percent, was 'both'"),
        (f"[[overlay]]\n{GOOD}percent = -101", "overlay floods: percent"),
        (f"[[overlay]]\n{GOOD}amount = nan", "overlay floods: amount"),
        (f"[[overlay]]\n{GOOD}percent = 1\nsegments = []", "overlay floods: segments"),
        (f"[[overlay]]\n{GOOD}percent = 1\nstage = ['1']", "was 'stage'"),
        (
            f"[[overlay]]\n{GOOD.replace('2025-12-31', chr(34) + '2025-12-31' + chr(34))}percent = 1",
            "overlay floods: expires",
        ),
        (f"[[overlay]]\n{GOOD.replace('reason', '#')}percent = 1", "overlay floods: reason"),
        (f"[[overlay]]\n{GOOD}percent = 1\n[[overlay]]\n{GOOD}percent = 2", "names that differ"),
    ],
)
def test_a_file_with_a_mistake_is_refused(text: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "overlays.toml"
    file.write_text(text)
    with pytest.raises(RiskError, match=words) as caught:
        read_overlays(file)
    assert "overlays.toml" in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RiskError, match="readable TOML"):
        read_overlays(tmp_path / "none.toml")
