"""Loans of one borrower are one name: they default together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.models.book_columns import live_loans
from loantwin.outlook.outlook import Outlook
from loantwin.risk.capital.large_exposures import connected


@dataclass(frozen=True)
class Loans:
    """N loans; one that stands for w loans (case weight, chance of being on the book) is `copies` rows.

    A borrower of several loans is one row: exposures add up, PD and LGD are means that keep the expected
    loss.

    row : (N,) index of the (largest) loan's row in `names`. exposure : present value at default, currency.
        pd : over the horizon.
    lgd : decimal. net : share of a loss that no guarantor bears. segment, sector : codes.
    """

    row: Integers
    exposure: Floats
    pd: Floats
    lgd: Floats
    net: Floats
    segment: Integers
    sector: Integers


def borrowers(outlook: Outlook) -> Integers:
    """Return the borrower of each loan of `outlook.columns`, (N,) from 0; one without a number stands alone.

    Loans that a table of parties links by a borrower or co-borrower are one name too.
    """
    frame = live_loans(outlook.book, outlook.twin.model)
    parties = outlook.book.parties
    if "borrower_id" not in frame.columns or not frame.height:
        return np.arange(frame.height)
    known = frame["borrower_id"]
    if not parties.height and (known.null_count() == len(known) or known.n_unique() == len(known)):
        return np.arange(frame.height)  # no two loans to join
    return connected(frame["loan_id"].cast(str).to_list(), known, parties if parties.height else None)[0]


def one_name_a_borrower(loans: Loans, borrower: Integers) -> tuple[Loans, Integers, str]:
    """Return one row a borrower, (N,) of it for each row handed in, and in words how many names there are.

    Parameters
    ----------
    borrower : of each row of the book that `loans.row` names. The k-th copies of a borrower's loans are one
        name, so that a case weight still makes names. A name has the sector and segment of its largest
        loan; where that left one without a name, loans are joined within sector and segment only.
    """
    copy = _copies(loans.row)
    own = borrower[loans.row] * (int(copy.max(initial=0)) + 1) + copy
    member = np.unique(own, return_inverse=True)[1]
    names = int(member.max(initial=-1)) + 1
    if names == len(own):
        return loans, np.arange(names), f"names: {names:,}, each loan one (no borrower has several)"
    made = _joined(loans, member, names)
    apart = ""
    if any(
        len(np.unique(getattr(made, f))) < len(np.unique(getattr(loans, f))) for f in ("sector", "segment")
    ):
        key = np.stack([own, loans.sector, loans.segment], axis=1)
        member = np.unique(key, axis=0, return_inverse=True)[1].ravel()
        made, apart = _joined(loans, member, int(member.max()) + 1), " within a sector and segment"
    most = int(np.bincount(member).max())
    size = float(made.exposure.max() / made.exposure.sum()) if made.exposure.sum() > 0 else 0.0
    return (
        made,
        member,
        f"names: {len(made.row):,} borrowers of {len(loans.row):,} loans{apart}; loans of one borrower "
        f"default together; the most loans of one is {most:,}, the largest name "
        f"{100 * size:.2g} % of exposure",
    )


def _copies(row: Integers) -> Integers:
    """Return 0, 1, ... of the copies of each row of the book, which stand side by side."""
    first = np.concatenate([[True], row[1:] != row[:-1]])
    start = np.maximum.accumulate(np.where(first, np.arange(len(row)), 0))
    return np.asarray(np.arange(len(row)) - start)


def _joined(loans: Loans, member: Integers, names: int) -> Loans:
    """Return names' sums: loss given default and expected loss are kept, net and gross."""
    severe, net = loans.exposure * loans.lgd, loans.exposure * loans.net

    def added(column: Floats) -> Floats:
        return np.asarray(np.bincount(member, column, names))

    def mean(column: Floats, weight: Floats) -> Floats:
        total = added(weight)
        plain = added(column) / np.bincount(member, minlength=names)
        return np.where(total > 0, added(column * weight) / np.where(total > 0, total, 1.0), plain)

    order = np.lexsort((loans.exposure, member))  # the largest loan of a name comes last
    lead = order[np.flatnonzero(np.append(np.diff(member[order]) > 0, True))]
    return Loans(
        loans.row[lead], added(loans.exposure), mean(loans.pd, severe), mean(loans.lgd, loans.exposure),
        mean(loans.net, np.where(added(net)[member] > 0, severe * loans.pd, loans.exposure)),
        loans.segment[lead], loans.sector[lead],
    )  # fmt: skip
