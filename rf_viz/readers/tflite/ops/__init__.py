"""The table of TFLite's operators: what each is in TensorFlow's terms, which has the relations."""
