"""Tokens of identity providers: whose they are, whether they stand, and what they say."""
