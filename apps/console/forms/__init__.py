"""What people may write on console pages, and what is said when it does not fit."""
