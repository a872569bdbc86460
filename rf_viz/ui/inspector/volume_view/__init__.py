"""A volume and its feature map as three slices each."""
