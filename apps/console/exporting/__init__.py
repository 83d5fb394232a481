"""Everything about a person as a ZIP: what is in it, how it is packed piece by piece, and who makes it when."""
