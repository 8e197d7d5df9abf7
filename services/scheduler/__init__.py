"""Does what time makes due: closes tickets, and takes over sends that were left half done."""
