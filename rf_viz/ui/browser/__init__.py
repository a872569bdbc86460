"""The browser side that several components share, and how Python sends them data."""
