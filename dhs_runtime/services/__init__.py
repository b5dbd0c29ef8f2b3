"""Services a DHS talks to over HTTP: Axis cameras, AutoML inference, the JPEG receiver."""
