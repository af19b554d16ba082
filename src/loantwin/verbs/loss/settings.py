"""How a model of portfolio losses is run, and what a loss is in all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loantwin.errors import UsageError, expected

RULES = ("loss = present value of first defaults within the horizon x loss given default, net of guarantees",)


@dataclass(frozen=True)
class LossSettings:
    """confidence, paths, seed : of the run. correlation : implied, latent, or a decimal for every sector.

    factor_correlation : between sectors, None: implied. degrees_of_freedom : of the t copula. lgd : constant
        or frye-jacobs.
    correlation_floor : the least asset correlation of a sector where it is implied or latent.
    one_sector : CreditRisk+ with one gamma factor. not_observable, provenance : passed on.
    """

    confidence: float
    paths: int
    seed: int
    correlation: str = "implied"
    factor_correlation: float | None = None
    degrees_of_freedom: float = 5.0
    lgd: str = "constant"
    repair: bool = False
    one_sector: bool = True
    correlation_floor: float = 0.0
    not_observable: tuple[str, ...] = ()
    provenance: Mapping[str, Any] | None = None


def asset_correlation(text: str) -> float:
    """Return a correlation as typed.

    Raises
    ------
    UsageError : no decimal in [0, 1).
    """
    try:
        value = float(text)
    except ValueError as error:
        raise UsageError(
            expected("implied, latent, or a decimal from 0 to below 1", text), field="correlation"
        ) from error
    if not 0 <= value < 1:
        raise UsageError(
            expected("implied, latent, or a decimal from 0 to below 1", text), field="correlation"
        )
    return value
