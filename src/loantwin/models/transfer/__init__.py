"""Learning across books: what fitted twins hand on to the fit of another one."""
