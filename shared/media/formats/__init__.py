"""The formats of files: one file for each, which proves from the bytes that a file is one."""
