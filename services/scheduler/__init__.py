"""Does what time makes due: closes, tells, sweeps, and takes over what was left half done."""
