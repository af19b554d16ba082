"""The verbs `capital` and `capital explain`."""
