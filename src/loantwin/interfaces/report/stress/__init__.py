"""The stress test for a committee."""
