"""Chen and Zhang, TRNet: two-level refinement leveraging speech enhancement for noise-robust emotion recognition."""

from biosig.papers.trnet.protocol import PROTOCOL

__all__ = ["PROTOCOL"]
