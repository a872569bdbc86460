"""Relations of common operations, by numbers rather than a framework's attributes."""
