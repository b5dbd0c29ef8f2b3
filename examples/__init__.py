"""Complete DHSs, to read and to start from."""
