"""Benchmarks: fixed inputs, whole processes, medians; run with ``make bench``."""
