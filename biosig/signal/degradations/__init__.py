"""What happens to speech on its way to a microphone, made to measure: noises, distortions, rooms.

Every random one is synthetic (or simulated) and drawn by name; ``biosig.signal.mixing`` sets the SNR.
Music is not here: it cannot be faked well, so take a recording.
"""

from biosig.signal.degradations.array_rooms import ArrayRoom, array_responses, diffuse_noise, through
from biosig.signal.degradations.distortions import clip_fraction, clip_to_db, quantise
from biosig.signal.degradations.noises import (
    babble_noise,
    impulsive_noise,
    pink_noise,
    white_noise,
    wind_noise,
)
from biosig.signal.degradations.rooms import (
    Room,
    decaying_response,
    direct_path,
    draw_room,
    image_source_response,
    reverberate,
    split_response,
)

__all__ = [
    "ArrayRoom",
    "Room",
    "array_responses",
    "babble_noise",
    "clip_fraction",
    "clip_to_db",
    "decaying_response",
    "diffuse_noise",
    "direct_path",
    "draw_room",
    "image_source_response",
    "impulsive_noise",
    "pink_noise",
    "quantise",
    "reverberate",
    "split_response",
    "through",
    "white_noise",
    "wind_noise",
]
