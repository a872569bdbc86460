"""Makes applications.json.gz: the configurations of keras.applications as Keras 2 writes them.

Needs the package tf_keras, or TensorFlow up to 2.15.
"""

import gzip
import json
import os
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import tensorflow as tf

NAMES = ("ConvNeXtTiny", "DenseNet121", "EfficientNetB0", "MobileNetV3Small")

configurations = {}
for name in NAMES:
    tf.keras.backend.clear_session()
    model = getattr(tf.keras.applications, name)(weights=None, input_shape=(64, 64, 3))
    configurations[name] = json.loads(model.to_json())
text = json.dumps(configurations).encode()
(Path(__file__).parent / "applications.json.gz").write_bytes(gzip.compress(text, mtime=0))
