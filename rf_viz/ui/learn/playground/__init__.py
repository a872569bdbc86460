"""The 2-D playground: what a convolution, a pooling and their kin do to real pixels."""
