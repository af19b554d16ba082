"""Tests of loantwin; a package of its own, so that no dependency's `tests` stands before it."""
