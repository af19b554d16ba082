"""What a treatment adds for whom: estimators of uplift, and how good they are at ranking."""
