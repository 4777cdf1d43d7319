"""Benchmarks with their peers. Not part of the distribution; see README.md."""
