"""Who somebody is: kept apart from everything else, shown for one case at a time, with a stated need."""
