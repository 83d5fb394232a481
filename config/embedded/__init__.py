"""Real PostgreSQL and Valkey, started by the project itself when no URL names others."""
