"""A paper's cells on machines of all kinds: named, run one at a time, and handed to Slurm."""
