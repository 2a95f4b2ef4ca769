"""Corpora: one module per corpus (card, loader), committed splits, a registry, downloads, and synthetic twins.

``registry`` says what there is and where it lies; ``threedc``, ``nsrdb``, ``ninapro_db2`` and ``diaphragm`` read EMG
and ECG, ``emguka`` and ``csl_emg_array`` facial EMG with speech, ``voicebank``, ``voicebank_more``,
``voicebank_train``, ``timit_sample``, ``picovoice``, ``asterisk`` and ``common_voice`` speech, ``emodb``, ``nemo``,
``enterface``, ``iemocap`` and ``recola`` emotional speech, ``hu100``, ``esc10``, ``esc50``, ``musan``,
``emgse_noise`` and ``audioset`` noise, ``ispl_office`` the responses of a room; ``splits`` and ``folds`` say who
trains and who tests, ``counted`` how much there is; ``recordings_io`` reads what users bring. ``simulated_arousal``
strings emotional speech into sessions with a trace that nobody rated; ``simulated_array`` makes facial EMG from the
times of ``phones``; ``timit_phones`` folds TIMIT's.
"""
