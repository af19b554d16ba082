"""Scores at work: which may decide, as the register of the twin's home has it."""
