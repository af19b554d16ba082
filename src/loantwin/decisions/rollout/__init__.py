"""Bringing a new score or policy in: shadows, challengers by fixed random assignment, stops, one test."""
