"""Pictures of figures for the console's pages: SVG made on the server, with the same figures in a table beside it."""
