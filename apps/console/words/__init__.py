"""How pages name what the apps below have: kinds, acts, roles, facts. Words only."""
