"""The GUI port of a simulated DCSS: logins, what GUIs are told, and what they may ask for."""
