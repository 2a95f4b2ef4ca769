"""Cells as Slurm jobs, through submitit: arrays, requeueing after a time limit, and what became of each cell.

Beside the store lies ``.slurm/`` (never committed): ``jobs/`` is submitit's folder with scripts and logs, and
``<paper>/<profile>/<cell>.json`` says under which job a cell was last handed in. Whether a cell is done is asked of
the store alone, and whether a job still waits or runs of ``squeue``, so neither needs Slurm's accounting database.
"""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from biosig.engine.cells import FAILED, full_name, run_one
from biosig.engine.needs import Need
from biosig.errors import BiosigError, ConfigError
from biosig.files import write_text
from biosig.papers.runner import THREAD_LIMITS
from biosig.results.items import Cell, CellStore

RESUMPTIONS = 100  # how often a cell may meet its time limit; one that gets no further than an epoch ends some day
SIGNAL_SECONDS = 90  # the notice before a time limit
DONE, MISSING, SUBMITTED, GONE = "done", "missing", "submitted", "failed"
TELLING = ("biosig: ", "slurmstepd", "MemoryError", "ModuleNotFoundError")  # how a log's line begins that says why


class CellJob:
    """What a job calls. At a time limit or a preemption submitit asks :meth:`checkpoint` how to go on."""

    def __init__(self, name: str, device: str):
        self.name, self.device = name, device

    def __call__(self) -> str:
        """Run the cell; a failure is the job's failure too, so that Slurm shows it as one."""
        try:
            code, sentence = run_one(self.name, self.device, progress=False)
        except BiosigError as error:
            code, sentence = FAILED, str(error)
        print(f"biosig: {sentence}", flush=True)
        if code == FAILED:
            raise RuntimeError(sentence)
        return sentence

    def checkpoint(self):
        """The same call once more: training goes on from the epoch it has saved."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


@dataclass(frozen=True)
class Standing:
    """How a cell stands: DONE, MISSING, a state of Slurm's (PENDING, RUNNING …), SUBMITTED or GONE.

    GONE is a job that ended and left no cell; ``why`` is what its log says. SUBMITTED is a job that nobody here can
    ask about, because there is no ``squeue``.
    """

    cell: Cell
    state: str
    job: str = ""
    log: str = ""
    why: str = ""

    @property
    def open(self) -> bool:
        """Whether the cell is to be handed in: nobody is at it."""
        return self.state in (MISSING, GONE)


def standings(store: CellStore, cells: Sequence[Cell]) -> list[Standing]:
    """Every cell's standing."""
    notes = {cell: _note(store, cell) for cell in cells if not store.done(cell)}
    jobs = queue() if any(notes.values()) else {}
    return [Standing(cell, DONE) if cell not in notes else standing(store, cell, notes[cell], jobs) for cell in cells]


def standing(store: CellStore, cell: Cell, note: dict | None, jobs: dict[str, str] | None) -> Standing:
    """The standing of a cell that was not there a moment ago."""
    if note is None:
        return Standing(cell, MISSING)
    if jobs is None or note["job"] in jobs:
        return Standing(cell, SUBMITTED if jobs is None else jobs[note["job"]], note["job"], note["log"])
    if store.done(cell):  # it ended between our two questions
        return Standing(cell, DONE)
    return Standing(cell, GONE, note["job"], note["log"], last_words(Path(note["log"])))


def queue() -> dict[str, str] | None:
    """The jobs that wait or run, by id, each with its state; None where there is no ``squeue``.

    Everybody's: who shares a store with others shares the notes of who handed in what.

    Raises:
        ConfigError: squeue failed.
    """
    if shutil.which("squeue") is None:
        return None
    command = ["squeue", "--noheader", "--array", "--format=%i %T"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise ConfigError(f"squeue cannot be asked ({said}): expected a running Slurm.")
    return dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if line.strip())


def last_words(log: Path) -> str:
    """Why a job ended, as the last telling line of its logs has it."""
    logs = [path for path in (log.with_suffix(".out"), log) if path.is_file()]
    lines = [line for path in logs for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    told = [line for line in lines if line.startswith(TELLING)]
    if told:
        return told[-1].removeprefix("biosig: ")
    return "it ended without a word: killed, or out of memory." if logs else "it was cancelled before it began."


def submit(
    store: CellStore,
    wanted: Mapping[Cell, Need],
    *,
    at_once: int | None = None,
    options: Mapping[str, str] | None = None,
    gpu_options: Mapping[str, str] | None = None,
    cluster: str = "slurm",
) -> dict[Need, list]:
    """Hand in cells as arrays, one for each need; submitit's jobs by need, in the order of the cells.

    Args:
        store: where the notes go; the jobs find theirs as this process does (BIOSIG_RESULTS, or the checkout).
        wanted: cells and what each needs.
        at_once: jobs of one array that run at the same time.
        options, gpu_options: further options of sbatch by name (partition, account …), gpu_options for GPU arrays.
        cluster: submitit's name of it; "local" and "debug" serve tests.

    Raises:
        ConfigError: submitit or sbatch is missing, or Slurm refused an array.
    """
    arrays: dict[Need, list[Cell]] = {}
    for cell, need in wanted.items():
        arrays.setdefault(need, []).append(cell)
    check_slurm(cluster)
    folder = home(store) / "jobs"
    jobs = {}
    for need, cells in sorted(arrays.items()):
        more = {**(options or {}), **((gpu_options or {}) if need.gpu else {})}
        executor = _executor(folder, cluster, need, at_once, more)
        calls = [CellJob(full_name(cell), "cuda" if need.gpu else "cpu") for cell in cells]
        jobs[need] = _handed_in(executor, calls)
        for cell, job in zip(cells, jobs[need], strict=True):
            _take_note(store, cell, job)
    return jobs


def check_slurm(cluster: str = "slurm") -> None:
    """Raise ConfigError unless there is submitit, and Slurm where it is needed."""
    try:
        import submitit  # noqa: F401
    except ImportError:
        raise ConfigError("submitting needs submitit: install it with `pip install 'biosig[slurm]'`.") from None
    if cluster == "slurm" and not (shutil.which("sbatch") and shutil.which("srun")):
        raise ConfigError("sbatch is not on the PATH: expected a machine from which Slurm jobs are submitted.")


def home(store: CellStore) -> Path:
    """The folder of notes and logs; made, and ignored by git."""
    folder = store.root.absolute() / ".slurm"
    if not (folder / ".gitignore").is_file():
        write_text(folder / ".gitignore", "*\n")
    return folder


def _executor(folder: Path, cluster: str, need: Need, at_once: int | None, options: dict[str, str]):
    import submitit

    executor = submitit.AutoExecutor(folder=folder, cluster=cluster, slurm_max_num_timeout=RESUMPTIONS)
    executor.update_parameters(name="biosig", timeout_min=need.minutes, mem_gb=need.gb, cpus_per_task=need.cpus)
    executor.update_parameters(
        slurm_signal_delay_s=SIGNAL_SECONDS,
        slurm_setup=[f"export {name}={need.cpus}" for name in THREAD_LIMITS],
        slurm_srun_args=[f"--cpus-per-task={need.cpus}"],  # since 22.05 srun no longer takes it from sbatch
        slurm_additional_parameters={"requeue": True, **options},
    )
    if need.gpu:
        executor.update_parameters(gpus_per_node=1)
    if at_once:
        executor.update_parameters(slurm_array_parallelism=at_once)
    return executor


def _handed_in(executor, calls: Sequence[CellJob]) -> list:
    try:
        with executor.batch():
            return [executor.submit(call) for call in calls]
    except Exception as error:  # submitit's own, several kinds; the last line is what sbatch said
        said = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        raise ConfigError(f"Slurm refused the array ({said}): expected options that it accepts here.") from None


def _take_note(store: CellStore, cell: Cell, job) -> None:
    note = {"job": str(job.job_id), "log": str(job.paths.stderr)}
    write_text(_note_path(store, cell), json.dumps(note, indent=1) + "\n")


def _note(store: CellStore, cell: Cell) -> dict | None:
    path = _note_path(store, cell)
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _note_path(store: CellStore, cell: Cell) -> Path:
    return store.root.absolute() / ".slurm" / cell.paper / cell.profile / f"{cell.name}.json"
