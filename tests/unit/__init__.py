"""The unit tests: no server, no clock, no network but the loop back."""
