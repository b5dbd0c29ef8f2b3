"""The GUI port of a simulated DCSS: logins, messages to GUIs, and commands of GUIs."""
