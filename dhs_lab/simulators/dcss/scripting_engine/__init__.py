"""The scripting engine of a simulated DCSS: its rules for moves, and its scripts as functions.

A real engine is a Tcl program, both a client and a hardware host (`self`) of its dcss: it gets all
messages to GUIs, refuses moves, reads ion chambers host by host, and runs scripts.
"""
