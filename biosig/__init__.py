"""Speech enhancement and biosignals: the package under the book.

Importing it costs nothing: torch, numba and librosa are loaded where they are used.
"""

__version__ = "0.1.0"
