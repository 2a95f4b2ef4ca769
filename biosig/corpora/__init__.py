"""Corpora: one module per corpus (card, loader), committed splits, a registry, downloads, and synthetic twins.

``registry`` says what there is and where it lies; ``threedc``, ``nsrdb``, ``ninapro_db2`` and ``diaphragm`` read
it; ``splits`` says who trains and who tests; ``recordings_io`` reads what users bring.
"""
