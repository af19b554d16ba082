"""Learning that goes on: a fitted model carried to a later date by the months that are new."""
