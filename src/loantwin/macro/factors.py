"""Every macro factor known by name: the Fed's, domestic and international, and the usual public series."""

from __future__ import annotations

from loantwin.macro.scenario import FACTORS

KINDS = ("growth", "rate", "yield", "index")
"""How a factor moves: annualised growth, a share between 0 and 1, an interest rate, or a positive level."""

_AREAS = {
    "euro_area": "Euro area",
    "developing_asia": "Developing Asia",
    "japan": "Japan",
    "uk": "United Kingdom",
}

INTERNATIONAL: dict[str, tuple[str, str]] = {
    f"{area}_{suffix}": (kind, f"{words}: {meaning}")
    for area, words in _AREAS.items()
    for suffix, kind, meaning in (
        ("real_gdp_growth", "growth", "real GDP growth, annualised"),
        ("inflation", "growth", "consumer price inflation, annualised"),
        ("exchange_rate", "index", "bilateral dollar exchange rate, in the unit of the Fed's table"),
    )
}

SERIES: dict[str, tuple[str, str]] = {
    "federal_funds_rate": ("yield", "Effective federal funds rate"),
    "real_gdp": ("index", "Real GDP, level"),
    "business_loans": ("index", "Commercial and industrial loans of all banks, level"),
    "all_loans_delinquency_rate": ("rate", "Delinquency rate, all loans, all banks"),
    "credit_card_delinquency_rate": ("rate", "Delinquency rate, credit cards, all banks"),
    "mortgage_delinquency_rate": ("rate", "Delinquency rate, residential mortgages, all banks"),
    "all_loans_charge_off_rate": ("rate", "Net charge-off rate, all loans, all banks, annualised"),
    "consumer_charge_off_rate": ("rate", "Net charge-off rate, consumer loans, all banks, annualised"),
    "credit_card_charge_off_rate": ("rate", "Net charge-off rate, credit cards, all banks, annualised"),
    "business_charge_off_rate": ("rate", "Net charge-off rate, business loans, all banks, annualised"),
}

KNOWN: dict[str, tuple[str, str]] = {**FACTORS, **INTERNATIONAL, **SERIES}
"""name -> (kind, meaning). A factor outside this table comes from a TOML file that states its kind."""

MEAN_REVERTING_INDICES = frozenset({"vix"})
"""Indices without a trend: simulated, carried forward and reverted as levels, never as growth."""

TRENDING_INDICES = frozenset({"house_price_index", "commercial_property_index", "real_gdp", "business_loans"})
"""Indices that keep their growth for a while: nowcast by last year's growth, others by their last value."""
