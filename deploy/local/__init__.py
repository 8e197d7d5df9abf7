"""Ventanilla on one machine without further ado: what `make run` starts, and servers for the tests.

The servers come from `servers.py`, which imports nothing but the standard library; `run.py` starts
every service on them and plays a conversation.
"""
