"""What the platform announces: feeds by category, for everyone, for who is signed in, or for who sees a group."""
