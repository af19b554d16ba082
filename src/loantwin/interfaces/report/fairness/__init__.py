"""The pages of `fairness` and `fairness-search`."""
