"""A transition model: the built-in one, taught without macro effects."""

from loantwin.models.model import fit_model
from loantwin.models.settings import FitSettings


def without_macro(loans, panel, mapping, as_of, history):
    """Leave the economy to the period effect."""
    return fit_model(loans, panel, mapping, as_of, history, settings=FitSettings(effects=()))
