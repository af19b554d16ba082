"""Factor copulas: defaults independent given normal sector factors (t copula: and one common shock size)."""
