"""Modules beside the tests: the truths, the strangers and the tapes made up later."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def beside(name: str) -> ModuleType:
    """Return a module of this folder."""
    spec = importlib.util.spec_from_file_location(f"guess_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def truths() -> ModuleType:
    return beside("truths")


@pytest.fixture(scope="session")
def held_out() -> ModuleType:
    return beside("held_out")


@pytest.fixture(scope="session")
def strangers() -> ModuleType:
    return beside("strangers")
