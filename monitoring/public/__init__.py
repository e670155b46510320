"""What everybody may read of the models in use, as a page and as entries of an algorithm register."""
