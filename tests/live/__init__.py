"""The product as it runs: real processes and sockets, committed data, full durability."""
