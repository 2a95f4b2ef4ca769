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


# ---- noise trackers, one bin and one frame at a time ----


def _first_mean(rows, l, k):
    return sum(row[k] for row in rows[: l + 1]) / (l + 1)


def voice_activity(rows, frame_rate, margin_db, memory_s, average_s):
    """Frames near the floor of the last seconds enter a mean that forgets."""
    rate = 1 - math.exp(-1 / (average_s * frame_rate))
    near, far = max(1, round(0.1 * frame_rate)), max(1, round(memory_s * frame_rate))
    energies = [sum(row) / len(row) for row in rows]
    smoothed = [sum(energies[max(0, l - near + 1) : l + 1]) / min(near, l + 1) for l in range(len(rows))]
    noise, counted, result = [0.0] * len(rows[0]), 0, []
    for l, row in enumerate(rows):
        if 10 * math.log10(energies[l] / min(smoothed[max(0, l - far + 1) : l + 1])) <= margin_db:
            counted += 1
            step = max(rate, 1 / counted)
            noise = [(1 - step) * n + step * y for n, y in zip(noise, row, strict=True)]
        result.append(noise)
    return result


def speech_presence(rows, frame_rate, first, xi_db=15.0, smoothing=0.8, presence_smoothing=0.9):
    """Gerkmann and Hendriks, after the mean of the ``first`` frames."""
    xi, power = 10 ** (xi_db / 10), 1 / (0.016 * frame_rate)
    keep, keep_presence = smoothing**power, presence_smoothing**power
    result = [[0.0] * len(rows[0]) for _ in rows]
    for k in range(len(rows[0])):
        mean_presence = 0.5
        for l, row in enumerate(rows):
            if l < first:
                noise = _first_mean(rows, l, k)
            else:
                present = 1 / (1 + (1 + xi) * math.exp(-row[k] / noise * xi / (1 + xi)))
                mean_presence = keep_presence * mean_presence + (1 - keep_presence) * present
                if mean_presence > 0.99:
                    present = min(present, 0.99)
                periodogram = present * noise + (1 - present) * row[k]
                noise = keep * noise + (1 - keep) * periodogram
            result[l][k] = noise
    return result


def minimum_statistics(rows, first, subwindows, frames, bias):
    """Martin's algorithm at 62.5 frames/s, as his flow chart goes; ``bias(d, inverse_q)`` is its factor."""
    result = [[_first_mean(rows, l, k) for k in range(len(rows[0]))] for l in range(first)]
    bins = [_martin_bin(noise) for noise in result[-1]]
    correction, position = 1.0, 1
    for row in rows[first:]:
        total, noise = sum(b["smooth"] for b in bins), sum(b["noise"] for b in bins)
        correction = 0.7 * correction + 0.3 * max(1 / (1 + (total / sum(row) - 1) ** 2), 0.7)
        for b, power in zip(bins, row, strict=True):
            _martin_smooth(b, power, 0.96 * correction, min(0.3, (total / noise) ** (-16 / 64)))
        spread = sum(b["inverse_q"] for b in bins) / len(bins)
        for b in bins:
            corrected = b["smooth"] * (1 + 2.12 * math.sqrt(spread))
            biases = [bias(d, b["inverse_q"]) for d in (subwindows * frames, frames)]
            _martin_minimum(b, corrected * biases[0], corrected * biases[1])
            if position == frames:
                _martin_close(b, subwindows, spread)
            elif position > 1:
                b["flag"] = b["flag"] or b["found"]
                b["noise"] = b["lowest"] = min(b["lowest"], b["best_sub"])
            else:
                b["noise"] = b["lowest"]
        position = 1 if position == frames else position + 1
        result.append([b["noise"] for b in bins])
    return result


def _martin_bin(noise):
    """What one bin remembers."""
    start = {"smooth": noise, "mean": noise, "square": noise * noise, "noise": noise, "lowest": noise}
    return start | {"stored": [], "best": math.inf, "best_sub": math.inf, "flag": False}


def _martin_smooth(b, power, alpha_max, least):
    """The smoothed power and its variance."""
    alpha = max(least, alpha_max / (1 + (b["smooth"] / b["noise"] - 1) ** 2))
    b["smooth"] = alpha * b["smooth"] + (1 - alpha) * power
    beta = min(alpha * alpha, 0.8)
    b["mean"] = beta * b["mean"] + (1 - beta) * b["smooth"]
    b["square"] = beta * b["square"] + (1 - beta) * b["smooth"] ** 2
    inverse_q = (b["square"] - b["mean"] ** 2) / (2 * b["noise"] ** 2)
    b["inverse_q"] = min(0.5, max(1e-6, inverse_q))


def _martin_minimum(b, corrected, corrected_sub):
    """A new minimum?"""
    b["found"] = corrected < b["best"]
    if b["found"]:
        b["best"], b["best_sub"] = corrected, corrected_sub


def _martin_close(b, subwindows, spread):
    """The end of a subwindow."""
    slope = 8 if spread < 0.03 else 4 if spread < 0.05 else 2 if spread < 0.06 else 1.2
    b["stored"] = [*b["stored"], b["best"]][-subwindows:]
    lowest = min(b["stored"])
    if b["flag"] and not b["found"] and lowest < b["best_sub"] < slope * lowest:
        lowest = b["best_sub"]
        b["stored"] = [lowest] * len(b["stored"])
    b["noise"] = b["lowest"] = lowest
    b["best"] = b["best_sub"] = math.inf
    b["flag"] = False


# ---- gains ----


def decision_directed_log_mmse(powers, noises, smoothing, xi_min_db):
    """Gains of one bin; the exponential integral by its continued fraction and series."""
    remembered, result = 1.0, []
    for power, noise in zip(powers, noises, strict=True):
        gamma = power / noise
        xi = smoothing * remembered + (1 - smoothing) * max(gamma - 1, 0)
        xi = max(xi, 10 ** (xi_min_db / 10))
        gain = xi / (1 + xi) * math.exp(exponential_integral(gamma * xi / (1 + xi)) / 2)
        remembered = (gain * math.sqrt(power)) ** 2 / noise
        result.append(gain)
    return result


def exponential_integral(x):
    """E1(x) = ∫ from x to infinity of exp(-t)/t."""
    if x > 700:
        return 0.0
    if x < 1:
        terms = [-((-x) ** k) / (k * math.factorial(k)) for k in range(1, 30)]
        return -0.57721566490153286 - math.log(x) + math.fsum(terms)
    fraction = 0.0
    for k in range(200, 0, -1):
        fraction = k / (1 + k / (x + fraction))
    return math.exp(-x) / (x + fraction)
