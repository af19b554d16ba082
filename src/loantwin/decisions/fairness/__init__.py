"""Fairness: decisions and scores beside each other by group, as figures with intervals, never as verdicts."""
