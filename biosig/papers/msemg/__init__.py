"""MSEMG (Liu et al., 2024): ECG removal from surface EMG, its baselines, its tables."""

from biosig.papers.msemg.protocol import PROTOCOL

__all__ = ["PROTOCOL"]
