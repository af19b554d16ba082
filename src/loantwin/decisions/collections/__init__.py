"""Collections: which treatment for which case, under capacity and limits of contact."""
