"""Coming from another system: its balances become lots, its keys become tokens. Once closed, for good.

`files` and `rows` read, `checking` judges, `importing` writes, `closing` ends it. The only place but the refusal in
`wallet.quota_types` that knows what the old system called its second kind of quota.
"""
