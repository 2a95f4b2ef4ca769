"""How the cells of this paper are called: ``<system>_<enhancer>``, and the bare system where no enhancer is heard."""

CLEAN, MATCHED, UNMATCHED = "clean", "matched", "unmatched"
ENVIRONMENTS = {CLEAN: "clean", MATCHED: "matched noise", UNMATCHED: "unmatched noise"}
SNRS = ("0", "5", "10", "15", "20")
SNRS_DB = (20.0, 15.0, 10.0, 5.0, 0.0)

# The enhancers that may stand in front, by name. The pretrained peer is the quicker one of NSNet2 and DTLN: 0.05 s
# against 0.3 s for two seconds of sound on one core.
ENHANCERS = {
    "nsnet2": "NSNet2 (pretrained)",
    "recurrent_mask_long": "the book's recurrent mask",
    "cmgan": "the book's CMGAN",
    "log_mmse": "log-MMSE",
}
JUDGED = "nsnet2"  # stands in CMGAN's place when the paper's numbers are judged: named before the first run

# Metrics of the items beside predictions
GATE, GATE_VERSION = "c", "1; the gate's coefficient, share of the noisy spectra"
SHIFT, EMOTIONS = "condition_shift", "emotion_distance"
DISTANCE_VERSION = "1; mean distance of the centres over the root mean square distance from the own centre"

BASELINES = {
    "baseline_c": "Baseline-c: clean speech alone",
    "baseline_n": "Baseline-n: noisy speech as well",
    "baseline_e": "Baseline-e: enhanced speech",
}
REFINED = {
    "trnet": "TRNet",
    "trnet_no_low": "TRNet without L_low",
    "trnet_no_high": "TRNet without L_high",
}
CONTROLS = {
    "trnet_oracle": "Control: c is the share of speech in the power",
    "trnet_learned": "Control: one learned c for everything",
    "trnet_told": "Control: gate fed the true SNR",
}
TITLES = {**BASELINES, **REFINED, **CONTROLS}
DEAF = ("baseline_c", "baseline_n")  # they hear no enhancer


def system_of(which: str, enhancer: str) -> str:
    """The name of a cell's system."""
    return which if which in DEAF else f"{which}_{enhancer}"


SYSTEMS = {
    system_of(which, enhancer): (which, "" if which in DEAF else enhancer) for which in TITLES for enhancer in ENHANCERS
}


def described(system: str) -> str:
    """What a system is, in words."""
    which, enhancer = SYSTEMS[system]
    return TITLES[which] + (f"; enhancer: {ENHANCERS[enhancer]}" if enhancer else "")
