"""What was known about a person, and when."""
