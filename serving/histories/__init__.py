"""Histories that another system posts: scored and explained, and not kept."""
