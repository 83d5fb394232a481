"""Programs that stand in for the outside world at the edge of the network."""
