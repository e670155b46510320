"""Accounts, cases and a past for trying the service out, only where every person is invented."""
