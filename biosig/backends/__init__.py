"""What is told from a voice: openSMILE's features and the classifiers behind them; and what from EMG, linearly.

The packages (``pip install "biosig[emotion]"``) are imported where they are used. A back end takes what a front end,
any system of the book, hands over.
"""
