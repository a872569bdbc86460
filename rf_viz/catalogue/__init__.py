"""Data that comes along: samples, the published tables, the networks of Keras."""
