"""Decision graphs (JDM): read, run one by one by zen-engine, expressed to columns, checked."""
