"""The Explore page: the questions that a person asks about a cell."""
