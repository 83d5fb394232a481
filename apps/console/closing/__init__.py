"""Closing a team, and closing a person's account: what stands against it, what ends, what stays."""
