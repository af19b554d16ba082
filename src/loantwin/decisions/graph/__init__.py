"""Decision graphs (JDM): read, run one by one by zen-engine, turned into columns, checked."""
