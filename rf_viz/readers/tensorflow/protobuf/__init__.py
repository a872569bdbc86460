"""TensorFlow's own messages: read without TensorFlow, and brought into one flat graph."""
