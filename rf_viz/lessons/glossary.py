"""The words of the lesson, each with a sentence, in the order in which they build on each other."""

from __future__ import annotations

from collections.abc import Mapping

GLOSSARY: Mapping[str, str] = {
    "Input pixel": "one point of the picture that the network looks at.",
    "Layer": "one step of the computation. It makes numbers from those of the layer below.",
    "Feature map": "all the numbers that a layer makes: a stack of channels.",
    "Channel": "one sheet of the stack. In a convolution, each channel has a kernel of its own, "
    "which looks for one pattern at every place.",
    "Kernel": "a small window of weights. It slides over the layer below. At each place the "
    "numbers in the window are multiplied by the weights and added up.",
    "Cell": "one place of the feature map, through all channels.",
    "Feature": "the number of a cell in one channel: how strongly the pattern shows there.",
    "Unit": "a cell in one dimension. The drawings of this lesson are one row high, so that their "
    "cells lie side by side.",
    "Receptive field": "the part of the input that a cell gets: the box in the picture above.",
}
"""What the words mean."""
