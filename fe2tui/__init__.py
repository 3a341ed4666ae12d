"""fe2tui."""
