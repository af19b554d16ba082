"""Regulatory capital: risk weights, mitigation, ratios and large exposures; see `docs/capital.md`."""
