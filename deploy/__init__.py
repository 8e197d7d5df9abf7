"""How Ventanilla is run: the image, the compose file, and servers for a machine without Docker."""
