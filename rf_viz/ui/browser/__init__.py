"""The browser side that several components share, and how Python hands over to it."""
