"""Contenders of `make bench-explain`: each explains the same rows with the same trees."""
