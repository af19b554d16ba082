"""A decision on an application, from its score to reasons and counter-offer: over columns, or of one."""
