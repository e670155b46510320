"""The point-in-time engine: features of a person on a date from what was known then, and from nothing else.

``kernel`` turns records into columns, ``build`` runs it over the parts of a store, ``table`` is what comes out.
"""
