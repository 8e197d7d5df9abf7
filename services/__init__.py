"""One package for each process; no service imports another."""
