"""What every request goes through: cookies, headers, limits, errors, repeated calls."""
