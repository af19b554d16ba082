"""How forecasts did: the forecast beside what happened."""
