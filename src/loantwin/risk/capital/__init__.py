"""Regulatory capital: IRB and standardised risk weights, mitigation, ratios and large exposures. See
`docs/capital.md`.
"""
