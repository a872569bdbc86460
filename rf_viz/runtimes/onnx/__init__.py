"""ONNX models run by ONNX Runtime."""

import os

# ONNX Runtime would report to its maker what it runs, and leave files in the user's folders.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
