"""One folder per platform; each speaks its own wire format over the same world."""
