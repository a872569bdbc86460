"""Files that are dropped anywhere on a page."""
