"""The verbs: one file or folder a command, under its own word; the package `loantwin` is their one door."""
