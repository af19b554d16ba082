"""Contract terms of the five products: schedules, level payments, balance factors, as functions of arrays."""
