"""The units of a small 1-D network, and which of them feed which."""
