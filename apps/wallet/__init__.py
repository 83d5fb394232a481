"""The ledger: accounts, holds, transfers, lots. Knows no user, team or HTTP."""
