"""How the cells of this paper are called: ``<corpus>_<features>_<training>_<front>`` and what stands for what."""

SNRS = ("-5", "0", "5", "10", "15", "20")
CLEAN = "clean"
NOISY = "none"  # the front end that is none
FRONTS = {
    NOISY: "Noisy",
    "residual": "Residual network",
    "log_mmse": "Log-MMSE",
    "wiener": "Wiener",
    "recurrent_mask_long": "Recurrent mask",
    "rnnoise": "RNNoise, pretrained",
    "nsnet2": "NSNet2, pretrained",
    "dtln": "DTLN, pretrained",
    "deepfilternet3": "DeepFilterNet3, pretrained",
    "irm": "Oracle ratio mask",
}
FEATURES = {"compare": "ComParE", "egemaps": "eGeMAPS"}
CORPORA = {"emodb": "EMO-DB", "nemo": "nEMO", "polish": "Polish words"}
QUALITY = {"pesq_wb": ("PESQ-wb", "", ".2f"), "stoi": ("STOI", "", ".3f"), "si_sdr_db": ("SI-SDR", "dB", ".1f")}


def system_of(corpus: str, features: str, training: str, front: str) -> str:
    """The name of a cell's system."""
    return f"{corpus}_{features}_{training}_{front}"


def quality_of(corpus: str, front: str) -> str:
    """The name of a cell of measures of sound."""
    return f"{corpus}_quality_{front}"
