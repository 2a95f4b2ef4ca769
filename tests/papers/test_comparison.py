"""Only what is asked for is computed, and only the cells that it rests on are read: counted, not timed."""

import subprocess
import sys
from collections import Counter

import pytest

from biosig.errors import ConfigError
from biosig.papers.base import open_store, paper
from biosig.papers.comparison import counts_of, made, seeds_of
from biosig.papers.transcription import load
from biosig.results.items import CellStore
from biosig.results.tables import Entry, Table, absent


def test_only_the_table_asked_for_is_computed():
    called = Counter()

    def maker(name):
        def make():
            called[name] += 1
            return Table(name, "", ("a",), ())

        return make

    makers = {name: maker(name) for name in ("one", "two", "three")}
    assert [table.name for table in made(makers, ["two"])] == ["two"] and called == {"two": 1}
    assert [table.name for table in made(makers)] == ["one", "two", "three"]
    with pytest.raises(ConfigError, match="unknown table 'four': expected one of one, two, three"):
        made(makers, ["four"])
    assert called == {"one": 1, "two": 2, "three": 1}


@pytest.fixture
def read(monkeypatch):
    """Names of the systems whose cells were read."""
    systems, real = [], CellStore.read
    monkeypatch.setattr(CellStore, "read", lambda self, cell: systems.append(cell.system) or real(self, cell))
    return systems


@pytest.mark.parametrize(
    "name, table, systems",
    [
        ("msemg", "table2_parameters", {"sizes"}),
        ("msemg", "choices", set()),
        ("primer", "sizes_parameters", {"costs"}),
        ("primer", "losses", {f"loss_{loss}" for loss in ("spectral_mse", "si", "mrstft", "stoi", "compressed")}),
    ],
)
def test_a_table_reads_its_own_cells_alone(read, name, table, systems):
    (found,) = paper(name).tables("open", open_store("open"), [table])
    assert found.name == table and set(read) == systems


def test_a_cell_is_read_and_a_verdict_judged_once_for_all_tables(read, monkeypatch):
    from biosig.papers import comparison

    judged, real = Counter(), comparison.judge
    monkeypatch.setattr(
        comparison, "judge", lambda p, t, column, row, *rest: judged.update([(t.name, column.metric, row)])
        or real(p, t, column, row, *rest)
    )
    names = ["table1_snr_imp_db", "glance", "tally", "unreproduced"]
    assert len(paper("msemg").tables("open", open_store("open"), names)) == 4
    assert judged and max(count for key, count in judged.items() if key[0] == "table1") == 1
    done = Counter(cell.system for cell in paper("msemg").cells("open") if open_store("open").done(cell))
    assert Counter(read) == done


def test_a_tables_name_is_the_one_it_is_asked_by():
    for name in ("msemg", "primer"):
        module = sys.modules[type(paper(name)).__module__.replace("protocol", "tables")]
        makers = module.makers(paper(name), "open", open_store("open"))
        assert {key: make().name for key, make in makers.items()} == {key: key for key in makers}


def test_a_table_is_shown_without_what_signals_need():
    """scipy.signal takes longer to load than a table to compute."""
    code = (
        "import sys; from biosig.cli import main; "
        "main(['table', 'msemg', '--profile', 'open', '--only', 'table1_snr_imp_db']); "
        "print(sorted({'torch', 'scipy.signal', 'scipy.stats', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.endswith("[]\n") and "SNRimp" in done.stdout


def test_counts_of_a_row():
    def entry(items, seeds=1, failed=0, value=1.0):
        return Entry("x", value=value, n={"items": items, "subjects": 10, "seeds": seeds, "failed": failed})

    assert counts_of([entry(960), entry(960)]).text == "960 / 10 / 1"
    assert counts_of([entry(960), entry(40, 3)]).text == "40 to 960 / 10 / 1 to 3"
    assert counts_of([entry(14), entry(0, 0, 14, None)]).text == "14 / 10 / 1, 14 failed"
    assert counts_of([absent("out of time")]).provenance == "not attempted: out of time"


def test_seeds_are_counted_from_the_cells_of_the_protocol():
    counted = seeds_of(paper("msemg").cells("open"))
    assert counted["msemg"] == 3 and counted["hp"] == 1


def test_every_choice_that_the_paper_leaves_open_has_an_answer():
    (table,) = paper("msemg").tables("open", open_store("open"), ["choices"])
    texts = [[entry.text for entry in row] for row in table.rows]
    assert len(texts) == len(load("msemg").choices) and all(all(row) for row in texts)
    told = {row[0]: row[3] for row in texts}
    assert told["Learning rate"] == "0.001" and "minus the output SNR" in told["Loss"]


def test_units_come_from_the_protocol_and_nobody_is_called_a_subject():
    for name, unit in (("msemg", "people"), ("primer", "utterances of one speaker")):
        wanted = {"msemg": "table1_snr_imp_db", "primer": "voicebank_pesq_wb_paired"}[name]
        (table,) = paper(name).tables("open", open_store("open"), [wanted])
        text = " ".join((*table.columns, *table.notes))
        assert unit in text and "subjects" not in text


def test_a_profile_without_tables_is_told(capsys):
    from biosig.cli import main

    for form in ("text", "csv"):
        assert main(["table", "primer", "--profile", "paper", "--format", form]) == 2
        assert capsys.readouterr().err == "biosig: primer has no tables in profile paper: expected another profile.\n"
