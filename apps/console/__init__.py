"""The pages that show several apps, the shell around them, and the commands that set up a demo."""
