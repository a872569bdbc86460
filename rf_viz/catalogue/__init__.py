"""Data of the package: samples, the published tables, the networks of Keras."""
