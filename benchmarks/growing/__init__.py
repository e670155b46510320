"""Growing trees from a table on disk that is larger than memory."""
