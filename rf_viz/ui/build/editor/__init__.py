"""The table in which the layers of a network are edited."""
