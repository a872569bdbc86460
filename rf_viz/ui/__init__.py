"""The interface: one folder for each page, and what the pages share."""
