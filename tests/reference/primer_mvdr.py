"""The primer's listing of MVDR (section 19), as printed."""

import numpy as np


def mvdr_beamformer(stft, steering_vector, noise_covariance):
    """(channels, time, freq), (channels, freq), (freq, channels, channels) → (time, freq)."""
    output = np.zeros((stft.shape[1], stft.shape[2]), dtype=complex)
    for f in range(stft.shape[2]):
        Rn_inv = np.linalg.inv(noise_covariance[f])
        d = steering_vector[:, f]
        w = Rn_inv @ d / (d.conj().T @ Rn_inv @ d)
        output[:, f] = w.conj().T @ stft[:, :, f]
    return output
