"""Cases that move through states by steps: state machines as data, their events, and a run with limited
staff."""
