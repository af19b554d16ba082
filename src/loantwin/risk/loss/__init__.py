"""Loss distributions."""
