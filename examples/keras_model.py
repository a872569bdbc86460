"""Trace a Keras model in memory, and compare its receptive field with the formula by hand.

For a chain of layers with kernels k and strides s, r = 1 + sum of (k - 1) times all strides before
(Araujo, Norris and Sim, Distill 2019).

Usage: python keras_model.py [MODEL]     (a .keras or .h5 file whose layers form a chain)
"""

import sys

import keras
from keras import layers

import rf_viz

if len(sys.argv) > 1:
    model = keras.saving.load_model(sys.argv[1])
else:
    image = keras.Input((64, 64, 3))
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(image)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(16, 5, padding="same", activation="relu")(x)
    model = keras.Model(image, layers.Conv2D(16, 3, dilation_rate=2, padding="same")(x))

r, stride = 1, 1
for layer in model.layers:
    kernel = getattr(layer, "kernel_size", getattr(layer, "pool_size", (1,)))[0]
    r += (kernel - 1) * getattr(layer, "dilation_rate", (1,))[0] * stride
    stride *= getattr(layer, "strides", (1,))[0]
    print(f"{layer.name:24} by hand: r = {r:4}, S = {stride:3}")

last = rf_viz.load(model).trace().layers[-1]
field = last.receptive_field
if field is None:
    sys.exit(f"There is no closed form at the end: {last.note}")
print(f"RF-Viz, at the end:      r = {field.size[0]:4}, S = {field.stride[0]:3}")
sys.exit((r, stride) != (field.size[0], field.stride[0]))
