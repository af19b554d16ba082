"""Scores: models that are trained on rows with a known end, judged out of fold, explained, kept as text."""
