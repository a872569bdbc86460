"""The list of layers in which one is searched and chosen."""
