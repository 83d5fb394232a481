"""The proof under fire: `python -m tests.storm`. Kills what can die while calls run, then reads the books."""
