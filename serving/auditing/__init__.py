"""The log of every read and decision, its anchors elsewhere, and whether it is whole."""
