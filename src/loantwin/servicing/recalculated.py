"""Replay where interest follows what is really owed: what is paid early lowers it, what is late raises it."""

from __future__ import annotations

from collections.abc import Sequence

from loantwin.products.term_sheet import TermSheet
from loantwin.servicing.conventions import Servicing
from loantwin.servicing.facts import Fact
from loantwin.servicing.rows import Work


def replay_recalculated(sheet: TermSheet, servicing: Servicing, facts: Sequence[Fact]) -> Work:
    """Return the account after facts that hold, in order of their days."""
    raise NotImplementedError
