"""What a person has a right to: to see what is known and was done about them, and to be erased."""
