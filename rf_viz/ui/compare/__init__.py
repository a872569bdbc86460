"""The Compare page: several networks side by side."""
