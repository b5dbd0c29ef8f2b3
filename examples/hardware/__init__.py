"""Simulated hardware for the examples; each file can be run by itself."""
