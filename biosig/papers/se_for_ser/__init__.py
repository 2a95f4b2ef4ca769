"""Triantafyllopoulos et al., speech enhancement as a front end of emotion recognition, Interspeech 2019."""

from biosig.papers.se_for_ser.protocol import PROTOCOL

__all__ = ["PROTOCOL"]
