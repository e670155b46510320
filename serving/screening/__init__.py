"""From scores to at most as many proposed cases as the services can look at."""
