"""From forecasts at past dates and what came to observations and scores."""
