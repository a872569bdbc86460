"""What comes along as data: samples, the published tables, the networks of Keras."""
