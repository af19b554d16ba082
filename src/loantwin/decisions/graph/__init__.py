"""Decision graphs (JDM): read, run one by one by zen-engine, compiled to columns, checked."""
