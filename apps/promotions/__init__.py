"""Campaigns, verification credits, referrals and the reward balance. Rewards are not spendable until moved."""
