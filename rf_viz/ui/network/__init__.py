"""The Network page: an overview of a whole model."""
