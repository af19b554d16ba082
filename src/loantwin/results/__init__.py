"""How a result reads: as flat tables, in words, in a notebook, as a picture, in a file."""
