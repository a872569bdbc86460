"""The strip of layers: one bar a layer, its height the receptive field."""
