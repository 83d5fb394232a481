"""People: users, sign-in, preferences. Not the ledger's accounts, which live in the wallet."""
