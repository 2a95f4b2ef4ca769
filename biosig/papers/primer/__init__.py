"""The speech-enhancement primer: from spectral subtraction to learned masks and waveforms, in one table."""

from biosig.papers.primer.protocol import PROTOCOL

__all__ = ["PROTOCOL"]
