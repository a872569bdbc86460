"""Relations of common operations, told in numbers rather than attributes."""
