"""Everything that is registered passes the check of its kind."""

from __future__ import annotations

from pathlib import Path

import pytest

import loantwin as lt
from loantwin.book.mapping import FORMATS
from loantwin.decisions.load import POLICIES
from loantwin.models.registry import TRANSITION_MODELS
from loantwin.products.registry import BY_NAME
from loantwin.risk.provisions.provisions import STANDARDS
from loantwin.verbs.loss.models import MODELS


@pytest.mark.parametrize("name", FORMATS.names())
def test_formats(name: str) -> None:
    lt.check_format(name)


@pytest.mark.parametrize("name", TRANSITION_MODELS.names())
def test_transition_models(name: str) -> None:
    lt.check_transition_model(name)


@pytest.mark.parametrize("name", STANDARDS.names())
def test_standards(name: str) -> None:
    lt.check_standard(name)


@pytest.mark.parametrize("name", BY_NAME.names())
def test_products(name: str) -> None:
    lt.check_product(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS.names())
def test_loss_models(name: str, panel_home: Path) -> None:
    lt.check_loss_model(name, panel_home)


@pytest.mark.parametrize("name", POLICIES.names())
def test_policies(name: str) -> None:
    lt.check_policy(lt.load_policy(name))
