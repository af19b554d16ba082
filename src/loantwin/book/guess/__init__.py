"""What a stranger's tape most likely means: names and values read as evidence, and a mapping to edit."""
