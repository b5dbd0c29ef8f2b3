"""What makes a DHS a well-behaved process: configuration files, logging (extra `runtime`)."""
