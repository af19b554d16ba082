"""A process run forward: cases come in, wait for limited staff, lose patience; many times over, compiled."""
