"""Files: what they are proved to be, and where those that are taken are kept."""
