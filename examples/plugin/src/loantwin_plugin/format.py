"""A tape format: the path of its mapping file."""

from pathlib import Path

MAPPING = Path(__file__).with_name("mapping.toml")
