"""Decisions that are recorded before they are answered, and read again."""
