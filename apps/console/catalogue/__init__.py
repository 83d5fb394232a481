"""The public catalogue as pages and the platform API show it: lists, one model, comparison, estimates, dictionaries."""
