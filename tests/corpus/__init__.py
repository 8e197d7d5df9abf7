"""Files of every kind, made by well-kept writers: those that are taken, and those that are not."""
