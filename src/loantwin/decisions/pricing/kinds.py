"""What loans that are asked for have in common: kinds, looked at once each."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from loantwin.arrays import Codes, Flags, Floats, Integers


@dataclass(frozen=True)
class Kinds:
    """K kinds of loans, each (K,).

    segment : label of the twin's model. product, pattern : codes. term : months. annual_rate : decimal.
    amount : currency. shift : log-odds of entry into arrears beside the twin's own, by the price.
    asset_class : code, and weight : decimal, as of `capital.CapitalClass`.
    """

    segment: Integers
    product: Integers
    pattern: Integers
    term: Integers
    annual_rate: Floats
    amount: Floats
    shift: Floats
    asset_class: Codes
    weight: Floats

    def __len__(self) -> int:
        return len(self.segment)

    def take(self, which: Integers | Flags | slice) -> Kinds:
        """Return some of them."""
        return replace(self, **{item.name: getattr(self, item.name)[which] for item in fields(self)})


def distinct(kinds: Kinds) -> tuple[Kinds, Integers]:
    """Return each kind once, and the place of every row's, (N,)."""
    table = np.column_stack([np.asarray(getattr(kinds, item.name), dtype=float) for item in fields(kinds)])
    _, first, place = np.unique(table, axis=0, return_index=True, return_inverse=True)
    return kinds.take(first), place.reshape(-1)
