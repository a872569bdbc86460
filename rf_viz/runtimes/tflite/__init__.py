"""TFLite models run by LiteRT, in a process of its own."""
