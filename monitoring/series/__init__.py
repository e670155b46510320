"""Published monthly series, and from when on they grow otherwise."""
