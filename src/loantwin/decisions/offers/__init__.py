"""Logs of priced offers: how they are read, what price did to borrowers, what another price would be worth."""
