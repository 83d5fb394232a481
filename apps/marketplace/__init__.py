"""The catalogue of models and their versioned prices, and the one price function."""
