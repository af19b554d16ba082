"""A policy replayed over the loans and applications of the past: who, how they ended, what nobody saw."""
