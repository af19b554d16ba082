"""What a fit says beside its figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from loantwin.book.selection import NOT_ENDED
from loantwin.macro.shipped import BY_CURRENCY
from loantwin.models.priors.table import ProductPrior
from loantwin.twin import Twin


def left_out_of(twin: Twin) -> dict[str, int]:
    """Return how many loans of the tape a fit leaves out, by reason; empty where it reads all."""
    found = twin.selected
    return {NOT_ENDED: found.left_out} if found is not None and found.left_out else {}


def started(twin: Twin, prior: ProductPrior, macro: Sequence[Path | str]) -> tuple[str, ...]:
    """Return in words what a fit that starts from a prior model rests on, and what speaks against it."""
    said = [
        f"started from the prior model {prior.name} ({prior.title}): loantwin priors {prior.name} shows each "
        "number with its source, or as assumed"
    ]
    if not macro:
        said.append(
            f"no macro history ships for {twin.currency}: the period effect carries the whole cycle, and no "
            "scenario can be run without a file of your own"
        )
    elif [str(name) for name in macro] == [BY_CURRENCY.get(twin.currency)]:
        said.append(f"the macro history is the one that ships ({macro[0]}), for want of a file of your own")
    loans = twin.book.loans
    odd = loans.filter((loans["product"] == "revolving") != prior.revolving).height
    if odd:
        kind = "no revolving lines" if prior.revolving else "revolving lines"
        said.append(
            f"{odd} of {loans.height} loans are {kind}, for which the prior model {prior.name} is not meant: "
            "make a twin of each product"
        )
    return tuple(said)
