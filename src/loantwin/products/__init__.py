"""Contract terms of the five products: schedules, level payments and balance factors, as pure functions of
arrays.
"""
