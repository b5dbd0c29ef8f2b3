"""Simulated hardware for the examples; each file also runs by itself."""
