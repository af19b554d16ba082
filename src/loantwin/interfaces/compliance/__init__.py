"""Rules in force, each with a test that runs on the twin: what a compliance officer signs."""
