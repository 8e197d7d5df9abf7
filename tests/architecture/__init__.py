"""The rules of this repository that can be executed."""
