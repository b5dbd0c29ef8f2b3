"""Sans-IO codec of the DCS hardware protocol (DCSS and its DHSs)."""

__version__ = "0.1.0"
