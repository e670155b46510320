"""Benchmarks: ours and peers on the same data in one go, each contender in a process of its own."""
