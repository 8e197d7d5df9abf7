"""Records how far messages of ours have come, and settles those whose fate was unknown."""
