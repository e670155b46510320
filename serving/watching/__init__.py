"""What people do with monitoring's findings where they are logged in: incidents and sign-offs, each step in the log."""
