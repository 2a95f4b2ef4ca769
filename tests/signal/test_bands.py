import numpy as np
import pytest

from biosig.errors import SignalError
from biosig.signal.bands import bark, bark_bands, bark_to_hz, erb, erb_bands, erb_to_hz, triangles

HZ = np.array([50.0, 440.0, 1000.0, 3700.0, 8000.0])


@pytest.mark.parametrize(("there", "back"), [(bark, bark_to_hz), (erb, erb_to_hz)])
def test_scales_have_their_inverse(there, back):
    np.testing.assert_allclose(back(there(HZ)), HZ, rtol=1e-12)


def test_erb_rate_is_the_integral_of_one_over_the_bandwidth():
    """Glasberg and Moore give the bandwidth, 24.7 (4.37 f + 1) with f in kHz: how many of them fit below 8 kHz?"""
    f = np.linspace(0, 8000, 200_001)
    fitting = np.trapezoid(1 / (24.7 * (0.00437 * f + 1)), f)
    assert float(erb(8000)) == pytest.approx(fitting, rel=0.005)


@pytest.mark.parametrize("bands", [erb_bands(320, 16000, 32, 32), bark_bands(320, 16000, 22)])
def test_bands_share_every_bin_out_and_draw_straight_lines(bands):
    np.testing.assert_allclose(bands.sum(axis=0), 1)
    assert ((bands >= 0) & (bands <= 1)).all() and ((bands > 0).sum(axis=0) <= 2).all()
    centres = bands @ np.arange(161) / bands.sum(axis=1)
    assert (np.diff(centres) > 0).all()
    np.testing.assert_allclose(np.ones(len(bands)) @ bands, 1)  # one gain for all is one gain for every bin


def test_low_bins_stand_by_themselves():
    bands = erb_bands(320, 16000, 32, 32)
    np.testing.assert_array_equal(bands[:32, :32], np.eye(32))


def test_twenty_two_bark_bands_are_a_bark_apart_where_bins_allow():
    centres = bark_bands(320, 16000, 22).argmax(axis=1)
    assert centres[0] == 0 and centres[-1] == 160
    np.testing.assert_allclose(np.diff(bark(50 * centres))[10:-1], 1, atol=0.35)


@pytest.mark.parametrize(
    ("centres", "told"), [([0, 0.5], "rise"), ([3, 2], "rise"), ([-1, 2], "to 9"), ([0, 12], "to 9")]
)
def test_bands_that_do_not_fit_are_refused(centres, told):
    with pytest.raises(SignalError, match=told):
        triangles(np.array(centres), 10)
