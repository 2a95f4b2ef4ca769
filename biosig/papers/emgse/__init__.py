"""EMGSE: facial EMG beside noisy speech, on real recordings of four people."""

from biosig.papers.emgse.protocol import PROTOCOL

__all__ = ["PROTOCOL"]
