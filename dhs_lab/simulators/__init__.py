"""Simulated peers of a DHS: DCSS, an Axis camera and an AutoML inference server."""
