"""Whole DHSs to read and to start from."""
