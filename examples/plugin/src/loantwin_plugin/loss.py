"""A loss model: a Gaussian copula at an asset correlation of 15 % in every sector."""

from dataclasses import replace

from loantwin.verbs.loss.models import gaussian


def fifteen_per_cent(inputs, settings):
    """Take the twin's loans, and another dependence than its paths show."""
    made = gaussian(inputs, replace(settings, correlation="0.15"))
    return replace(made, model="plugin-loss")
