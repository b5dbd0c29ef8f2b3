"""Hardware that is not there, to try the examples with; each file can be run by itself."""
