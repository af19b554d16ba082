"""Fixtures every test may use. The only file that names the folder of real data."""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: its threads spin on a shared machine

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder of real loan and macro data, or skip where the machine has none."""
    stated = os.environ.get("LOANTWIN_TEST_DATA")
    folder = Path(stated) if stated else ROOT / "../shared/data"
    if not folder.is_dir():
        pytest.skip(f"no data folder at {folder}: set LOANTWIN_TEST_DATA")
    return folder.resolve()
