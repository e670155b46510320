"""Figures by area for children who are too young for a model of their own."""
