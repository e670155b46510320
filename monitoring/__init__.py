"""Is it still right, still fair, still used as agreed."""
