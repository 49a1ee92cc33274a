"""The control API: its own port, so that it can never be mistaken for a platform."""
