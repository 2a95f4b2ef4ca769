"""Trained networks that can stream, outside of Python: as ONNX, in eight bits, as one file of C, on a web page."""
