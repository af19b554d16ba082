"""The groups in which `--help` shows the commands, in the order of work."""

from __future__ import annotations

BEGIN = "Begin"
CONTRACT = "One loan, to the cent"
LEARN = "Learn from history"
AHEAD = "Look ahead"
PROVIDE = "Provisions, losses, capital"
DECIDE = "Decide"
CHALLENGE = "Challenge"
INSIDE = "Look inside"
