"""Synchronous runtime for DHSs (Distributed Hardware Servers) of DCSS."""
