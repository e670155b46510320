"""Exact reasons of boosted trees, fast: path-dependent TreeSHAP from tables of what each small subtree can say."""
