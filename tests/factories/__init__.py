"""Rows by intent: `make.brand()`, `make.conversation(waiting=True)`. What a test does not mention gets a plausible value."""
