"""The speech chapter's definitions once more, in plain loops that share no line with the package."""

import cmath
import math


def stft(x, n_fft, hop, window):
    """Frames centred on multiples of the hop, transformed by the definition of the DFT; rows are frames."""
    half = len(window) // 2
    rows, centre = [], 0
    while True:
        frame = [window[i] * (x[centre + i - half] if 0 <= centre + i - half < len(x) else 0.0)
                 for i in range(len(window))]
        rows.append([sum(v * cmath.exp(-2j * math.pi * k * i / n_fft) for i, v in enumerate(frame))
                     for k in range(n_fft // 2 + 1)])
        if centre >= len(x):
            return rows
        centre += hop


def image_source_response(room, fs, max_order, samples):
    """Allen and Berkley's image sources of a shoebox up to an order, each a windowed sinc 40 samples late."""
    volume, surface = math.prod(room.size), 2 * sum(math.prod(room.size) / edge for edge in room.size)
    absorption = 24 * math.log(10) / 343 * volume / (surface * room.rt60_s)
    response, reach = [0.0] * samples, range(-max_order, max_order + 1)
    for order in ((a, b, c) for a in reach for b in reach for c in reach):
        if sum(map(abs, order)) > max_order:
            continue
        image = [k * edge + (place if k % 2 == 0 else edge - place)
                 for k, edge, place in zip(order, room.size, room.source, strict=True)]
        distance = math.dist(image, room.microphone)
        gain = math.sqrt(1 - absorption) ** sum(map(abs, order)) / distance
        delay = distance / 343 * fs
        for t in range(max(0, math.ceil(delay)), min(samples, math.floor(delay) + 81)):
            u = t - 40 - delay
            taper = 0.5 * (1 + math.cos(2 * math.pi * u / 81))
            response[t] += gain * taper * (1.0 if u == 0 else math.sin(math.pi * u) / (math.pi * u))
    return response
