"""Microphone arrays: where the microphones are, and what a wave from somewhere does to them.

A steering vector d says how a wave arrives at each microphone, as a complex number per bin: a delay of τ is
exp(-2πi f τ). What the array hears of a source S is d·S. Coordinates are in m, azimuths in degrees, counter-clockwise
from the x axis, seen from above.
"""

from dataclasses import dataclass

import numpy as np

from biosig.checks import check_rate
from biosig.errors import SignalError

SOUND_SPEED = 343.0  # m/s in air of 20 °C


@dataclass(frozen=True)
class Geometry:
    """Places of the microphones, around the array's centre.

    Attributes:
        name: what to call it.
        positions: (x, y, z) of each, in m.
    """

    name: str
    positions: tuple[tuple[float, float, float], ...]

    def __post_init__(self):
        places = np.asarray(self.positions, dtype=np.float64)
        if places.ndim != 2 or places.shape[1] != 3 or not len(places) or not np.isfinite(places).all():
            raise SignalError(f"positions of {self.name} have shape {places.shape}: expected (microphones, 3), in m.")
        if len(np.unique(places, axis=0)) < len(places):
            raise SignalError(f"two microphones of {self.name} are at one place: expected them apart.")

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def places(self) -> np.ndarray:
        """Positions, shape (M, 3)."""
        return np.asarray(self.positions, dtype=np.float64)

    def at(self, centre: tuple[float, float, float]) -> np.ndarray:
        """Positions in a room where the centre is there, shape (M, 3)."""
        return self.places + np.asarray(centre, dtype=np.float64)


def linear(count: int, spacing: float, name: str = "") -> Geometry:
    """Microphones in a row along the y axis, so that azimuth 0 is straight ahead of it (broadside).

    Args:
        count: how many.
        spacing: from one to the next, m.
        name: of the geometry.

    Raises:
        SignalError: no microphones, or a spacing that is not positive.
    """
    check_rate(spacing, name="spacing in m")
    places = (np.arange(count) - (count - 1) / 2) * spacing
    return Geometry(name or f"linear {count}", tuple((0.0, float(y), 0.0) for y in places))


def circular(count: int, radius: float, name: str = "") -> Geometry:
    """Microphones on a circle that lies flat, the first at azimuth 0.

    Args:
        count: how many.
        radius: in m.
        name: of the geometry.

    Raises:
        SignalError: no microphones, or a radius that is not positive.
    """
    check_rate(radius, name="radius in m")
    angles = 2 * np.pi * np.arange(count) / max(count, 1)
    places = radius * np.stack([np.cos(angles), np.sin(angles), np.zeros(count)], axis=1)
    return Geometry(name or f"circular {count}", tuple(tuple(map(float, place)) for place in places))


GEOMETRIES = {
    "pair": linear(2, 0.08, "pair"),  # the two microphones of a phone or a headset's cup
    "linear": linear(4, 0.05, "linear"),  # below a screen
    "circular": circular(6, 0.0463, "circular"),  # a smart speaker: neighbours are a radius apart
}


def bin_frequencies(fs: float, n_fft: int) -> np.ndarray:
    """Frequencies in Hz of the bins of a transform of ``n_fft`` samples, shape (n_fft // 2 + 1,)."""
    return np.fft.rfftfreq(n_fft, 1 / check_rate(fs))


def direction(azimuth_deg: float | np.ndarray, elevation_deg: float | np.ndarray = 0.0) -> np.ndarray:
    """Unit vectors that point from the array to a source, shape (..., 3)."""
    azimuth, elevation = np.broadcast_arrays(np.radians(azimuth_deg), np.radians(elevation_deg))
    flat = np.cos(elevation)
    return np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)], axis=-1)


def plane_wave(
    geometry: Geometry,
    frequencies: np.ndarray,
    azimuth_deg: float | np.ndarray,
    elevation_deg: float | np.ndarray = 0.0,
    sound_speed: float = SOUND_SPEED,
) -> np.ndarray:
    """Steering vectors of sources far away: d_m(f) = exp(2πi f p_m·u / c), all of size 1.

    Args:
        geometry: M microphones at p_m.
        frequencies: F values in Hz.
        azimuth_deg, elevation_deg: of the source, u; one, or an array of shape (...).
        sound_speed: c in m/s.

    Returns:
        Complex, shape (..., F, M); phases are relative to the array's centre.

    Raises:
        SignalError: a speed that is not positive.

    Example:
        >>> two = linear(2, 0.343)
        >>> np.round(plane_wave(two, np.array([500.0]), 90.0), 12)  # 1 ms from one to the other: half a period
        array([[0.-1.j, 0.+1.j]])
    """
    ahead = direction(azimuth_deg, elevation_deg) @ geometry.places.T / check_rate(sound_speed, name="sound speed")
    return np.exp(2j * np.pi * np.asarray(frequencies)[:, None] * ahead[..., None, :])


def spherical_wave(
    microphones: np.ndarray, frequencies: np.ndarray, source: np.ndarray, sound_speed: float = SOUND_SPEED
) -> np.ndarray:
    """The steering vector of a source nearby: d_m(f) = exp(-2πi f r_m / c) / r_m, with r_m the way to microphone m.

    Args:
        microphones: places, shape (M, 3), in m.
        frequencies: F values in Hz.
        source: its place, shape (3,).
        sound_speed: c in m/s.

    Returns:
        Complex, shape (F, M).

    Raises:
        SignalError: a source at a microphone's place.
    """
    ways = np.linalg.norm(np.asarray(microphones) - np.asarray(source), axis=-1)
    if not ways.min() > 0:
        raise SignalError(f"the source is at a microphone's place, {tuple(source)} m: expected them apart.")
    speed = check_rate(sound_speed, name="sound speed")
    return np.exp(-2j * np.pi * np.asarray(frequencies)[:, None] * ways / speed) / ways


def relative(steering: np.ndarray, reference: int = 0) -> np.ndarray:
    """Steering vectors (..., M) as seen from one microphone: divided by its entry, which becomes 1.

    A beamformer that is told these gives the source as that microphone hears it.
    """
    return steering / steering[..., [reference]]


def azimuth_of(source: np.ndarray, centre: np.ndarray) -> float:
    """Azimuth in degrees of a place as seen from another."""
    dx, dy = (np.asarray(source, dtype=np.float64) - np.asarray(centre, dtype=np.float64))[:2]
    return float(np.degrees(np.arctan2(dy, dx)))


def diffuse_coherence(
    microphones: np.ndarray, frequencies: np.ndarray, sound_speed: float = SOUND_SPEED
) -> np.ndarray:
    """Coherence of noise that comes from everywhere alike: Γ_mn = sin(x)/x, x = 2πf·|p_m - p_n|/c.

    A spherically isotropic field (Habets, Cohen and Gannot, 2008): microphones close together, in terms of the
    wavelength, hear the same, those further apart do not.

    Args:
        microphones: places, shape (M, 3), in m.
        frequencies: F values in Hz.
        sound_speed: c in m/s.

    Returns:
        Real and symmetric, shape (F, M, M), ones on the diagonal.

    Example:
        >>> places = linear(2, 0.343).places
        >>> np.round(diffuse_coherence(places, np.array([0.0, 250.0, 500.0]))[:, 0, 1], 3)
        array([1.   , 0.637, 0.   ])
    """
    places = np.asarray(microphones, dtype=np.float64)
    apart = np.linalg.norm(places[:, None] - places, axis=-1)
    speed = check_rate(sound_speed, name="sound speed")
    return np.sinc(2 * np.asarray(frequencies)[:, None, None] * apart / speed)  # numpy's sinc has the π inside
