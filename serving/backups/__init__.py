"""A whole service in one encrypted file, and back."""
