"""What is not about one person: overviews, planners' figures, models. Small numbers are hidden."""
