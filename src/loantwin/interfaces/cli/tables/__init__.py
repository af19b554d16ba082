"""Results as tables on the terminal."""
