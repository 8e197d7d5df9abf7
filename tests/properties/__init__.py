"""What holds whatever happens, tried by hypothesis."""
