"""What each kind of channel expects on the wire, and what its answers mean. No money."""
