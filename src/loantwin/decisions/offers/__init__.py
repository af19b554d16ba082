"""Logs of priced offers: how they are read, what price did, what another price would be worth."""
