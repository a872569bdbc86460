"""The Network page: a whole model at a glance."""
