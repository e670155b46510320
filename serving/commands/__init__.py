"""The edge: clock, environment, keys and passwords are taken here."""
