"""Macro factors: what was published, scenarios, simulated paths, and covariates of the loan models."""
