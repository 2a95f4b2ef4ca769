import subprocess
import sys

MODULES = "biosig.signal.ecg_families, biosig.signal.mixing, biosig.signal.spectra, biosig.metrics.emg"


def test_the_numpy_floor_loads_no_heavy_package():
    heavy = "{'torch', 'numba', 'librosa', 'wfdb', 'matplotlib', 'pandas', 'pywt'}"
    code = f"import sys, {MODULES}; print(sorted({heavy} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"
