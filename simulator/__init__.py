"""Pretends to be Instagram, X and LinkedIn over their real wire formats. Imports nothing of the product."""
