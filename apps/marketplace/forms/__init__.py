"""The back office's forms for the catalogue: what they accept is what imports accept."""
