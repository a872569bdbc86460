"""TensorFlow graphs and Keras models run by TensorFlow."""
