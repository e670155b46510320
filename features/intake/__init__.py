"""From files to the store: check, pseudonymise, load; all of it or nothing.

The only package that sees raw identifiers, and they leave it neither by file nor by message. `load.ingest` is the way in; `linkage` is the
one door to the mapping for the few that may cross from one purpose to another.
"""
