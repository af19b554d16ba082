"""Stress tests."""
