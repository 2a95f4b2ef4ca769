"""Write the browser's page of the light mask, book/_static/live/index.html, from its published checkpoint.

    python tools/make_browser_demo.py

The example is embedded speech in an embedded noise at 5 dB. Run it after a light mask has been published; the page
holds the trained numbers in 8 bits and loads nothing.
"""

from pathlib import Path

from biosig import samples
from biosig.deploy.browser import write_demo
from biosig.papers.primer.live import live_network
from biosig.signal.mixing import mix_at_snr

TARGET = Path(__file__).resolve().parent.parent / "book" / "_static" / "live" / "index.html"
SECONDS, SNR_DB = 3.0, 5.0


def main() -> None:
    """Mix the example, and write the page."""
    speech, noise = samples.speech("test")[0], samples.noises("test")[0]
    n = round(SECONDS * speech.fs)
    noisy, _ = mix_at_snr(speech.signal[:n], noise.signal[:n], SNR_DB)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    credit = f"{speech.item} in {noise.item} at {SNR_DB:g} dB; who read and recorded them stands in the data cards"
    print(write_demo(live_network("light_mask"), noisy, credit, TARGET))


if __name__ == "__main__":
    main()
