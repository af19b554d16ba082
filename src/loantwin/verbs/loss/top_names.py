"""The borrowers that make the tail of a loss distribution."""

from __future__ import annotations

import numpy as np

from loantwin.arrays import Floats
from loantwin.risk.loss.loss import TopName
from loantwin.verbs.loss.inputs import LossInputs

TOP = 10
"""Names shown."""


def top_names(inputs: LossInputs, shares: Floats) -> tuple[TopName, ...]:
    """Return borrowers (or loans, if unnamed) that add most to expected shortfall; shares : (N,)."""
    loans, names = inputs.loans, inputs.names
    loan = names["loan_id"].cast(str).to_numpy()
    who = loan
    if "borrower_id" in names.columns:
        known = names["borrower_id"].cast(str).to_numpy()
        who = np.where(names["borrower_id"].is_not_null().to_numpy(), known, loan)
    labels, place = np.unique(who.astype(str), return_inverse=True)
    code = place[loans.row]
    size = len(labels)
    amount = np.bincount(code, loans.exposure * loans.net, size)
    loss = np.bincount(code, loans.exposure * loans.net * loans.pd * loans.lgd, size)
    tail = np.bincount(code, shares, size)
    first = np.full(size, len(loans.row))
    np.minimum.at(first, code, np.arange(len(code)))
    top = np.argsort(-tail, kind="stable")[:TOP]
    return tuple(
        TopName(
            str(labels[i]),
            inputs.segments[loans.segment[first[i]]],
            float(amount[i]),
            float(loss[i]),
            float(tail[i]),
        )
        for i in top
    )
