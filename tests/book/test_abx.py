"""The blind listening page: its arithmetic against scipy, and that nothing it shows tells which one X is.

The page's own scripts run in node, beside a stand-in for the browser that notes all that a page would show.
"""

import csv
import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from scipy.stats import binomtest

PAGE = Path(__file__).resolve().parents[2] / "book" / "_static" / "abx" / "index.html"
SCRIPTS = dict(re.findall(r'<script id="(\w+)">(.*?)</script>', PAGE.read_text(encoding="utf-8"), re.DOTALL))
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="needs node to run the page's scripts")

# An element notes whatever is done to it; sound is what a listener judges, and is not noted.
BROWSER = """
const log = [], elements = {}, listeners = {};
function element(id) {
  const state = { id, value: "", checked: false, hidden: false, disabled: false, textContent: "" };
  const own = { addEventListener: (what, act) => { listeners[`${id} ${what}`] = act; }, focus() {}, click() {},
    setAttribute: (name, value) => log.push([id, name, value]), appendChild: (child) => child,
    replaceChildren() {}, classList: { add() {}, remove() {} } };
  return new Proxy(state, {
    get: (_, name) => own[name] ?? state[name],
    set: (_, name, value) => { state[name] = value; log.push([id, name, value]); return true; },
  });
}
globalThis.document = { getElementById: (id) => (elements[id] ??= element(id)), createElement: () => element("made"),
  addEventListener: (what, act) => { listeners[`document ${what}`] = act; } };
globalThis.window = { ABX_DEMO: { credit: "", sounds: { a: "AAAA", b: "AAAA" }, sets: [
  { title: "one", first: "noisy", second: "better", pairs: [{ name: "clip", first: "a", second: "b" }] }] } };
globalThis.setInterval = () => {};
const coins = COINS;
const toss = (into) => { into[0] = coins.shift() ?? 0; return into; };
Object.defineProperty(globalThis, "crypto", { value: { getRandomValues: toss } });
const played = [];
globalThis.AudioContext = class {
  currentTime = 0; destination = {};
  async resume() {}
  async decodeAudioData() { return { duration: 2, length: 2, numberOfChannels: 1, getChannelData: () => [0.1, 0.2] }; }
  createGain() { return { gain: { value: 0, setTargetAtTime: (value) => played.push(value > 0) }, connect() {} }; }
  createBufferSource() { return { connect() {}, start() {}, stop() {} }; }
};
"""
SESSION = """
(async () => {
  $("use-demo").checked = true; $("demo-set").value = "0"; $("trials").value = String(TRIALS);
  await listeners["start click"]();
  const seen = [];
  for (let trial = 0; trial < TRIALS; trial++) {
    played.length = 0;
    const from = log.length;
    for (const key of "abxp0x") listeners["document keydown"]({ key, preventDefault() {} });
    seen.push({ log: log.slice(from), played: played.slice(-2) });
    const before = log.length;
    listeners["document keydown"]({ key: "1", preventDefault() {} });
    if (trial < TRIALS - 1) seen.at(-1).after = log.slice(before);
  }
  console.log(JSON.stringify({ seen, score: elements.score.textContent, said: elements.meaning.textContent,
                               csv: ABX.csv(results()), ids: Object.keys(elements) }));
})();
"""
HALF = 2**31  # a coin shows heads below it


def run(script: str) -> object:
    """What a script prints, read as JSON."""
    done = subprocess.run([NODE, "-"], input=script, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def logic(expression: str) -> object:
    """An expression over the page's own ABX object."""
    return run(SCRIPTS["logic"] + f"\nconsole.log(JSON.stringify({expression}));")


def session(heads: list[tuple[bool, bool]]) -> dict:
    """A whole test on the page: one pair, the two coins of each trial (A is the first system, X is A) as given."""
    # a plan shuffles first, and a list of one draws nothing; then two coins for each trial
    coins = [0 if head else HALF for trial in heads for head in trial]
    browser = BROWSER.replace("COINS", json.dumps(coins))
    return run(browser + SCRIPTS["logic"] + SCRIPTS["page"] + SESSION.replace("TRIALS", str(len(heads))))


def test_p_is_the_exact_one_sided_binomial():
    cases = [(k, n) for n in (1, 2, 5, 10, 16, 37, 100) for k in range(n + 1)]
    found = logic(f"{json.dumps(cases)}.map(([k, n]) => ABX.binomialP(k, n))")
    wanted = [binomtest(k, n, 0.5, alternative="greater").pvalue for k, n in cases]
    assert found == pytest.approx(wanted, rel=1e-9)


def test_the_number_needed_is_the_smallest_that_is_significant():
    found = logic("[...Array(41).keys()].slice(1).map((n) => ABX.needed(n))")
    for n, k in enumerate(found, start=1):
        assert k == n + 1 or binomtest(k, n, 0.5, alternative="greater").pvalue <= 0.05
        assert binomtest(k - 1, n, 0.5, alternative="greater").pvalue > 0.05


def test_the_sentence_claims_no_more_than_the_score_holds():
    good, chance, few = logic("[ABX.meaning(9, 10), ABX.meaning(6, 10), ABX.meaning(3, 3)]")
    assert "1.1 %" in good and "you hear a difference" in good and "has not shown" not in good
    assert "37.7 %" in chance and "has not shown that you hear" in chance and "it takes 9 right" in chance
    assert "has not shown" in few and "too few" in few


def test_a_plan_uses_every_pair_in_turn_and_tosses_fair_independent_coins():
    made = logic("ABX.plan(3, 3000, Math.random)")
    turns = [{trial["pair"] for trial in made[at : at + 3]} for at in range(0, 3000, 3)]
    assert all(turn == {0, 1, 2} for turn in turns)
    for one, other in [("aIsFirst", "xIsA"), ("xIsA", "aIsFirst")]:
        for value in (True, False):
            group = [trial[one] for trial in made if trial[other] is value]
            assert abs(sum(group) / len(group) - 0.5) < 0.1, "each about 1500 tosses: 7.7 standard deviations"


def test_both_sounds_get_one_level_that_clips_neither():
    levels = [{"rms": 0.2, "peak": 0.9}, {"rms": 0.01, "peak": 0.4}]
    gains = logic(f"ABX.gains({json.dumps(levels)})")
    loud = [gain * level["rms"] for gain, level in zip(gains, levels, strict=True)]
    assert loud[0] == pytest.approx(loud[1]) and 0 < loud[0] <= 0.1
    assert all(gain * level["peak"] <= 0.99 + 1e-9 for gain, level in zip(gains, levels, strict=True))


def test_files_belong_together_by_name():
    names = json.dumps([["a/S1.wav", "s2.flac", "s3.wav"], ["s2.wav", "s1.mp3"]])
    assert logic(f"ABX.matched(...{names})") == [[0, 1], [1, 0]]
    assert logic("ABX.matched(['noisy.wav'], ['better.wav'])") == [[0, 0]]


@pytest.mark.parametrize("a_is_first", [True, False])
def test_nothing_that_the_page_shows_depends_on_what_x_is(a_is_first):
    as_a, as_b = (session([(a_is_first, x_is_a)] * 3) for x_is_a in (True, False))
    assert len(as_a["seen"][0]["log"]) > 10, "the stand-in saw nothing"
    for one, other in zip(as_a["seen"], as_b["seen"], strict=True):
        assert one["played"] != other["played"], "X must sound different, or this test compares nothing"
        assert (one["log"], one.get("after")) == (other["log"], other.get("after"))
    assert as_a["ids"] == as_b["ids"]


def test_nothing_that_the_page_shows_depends_on_which_system_a_is():
    first, second = (session([(a_is_first, True)] * 2) for a_is_first in (True, False))
    assert [trial["log"] for trial in first["seen"]] == [trial["log"] for trial in second["seen"]]


def test_a_session_counts_right_answers_and_names_the_systems_at_the_end():
    found = session([(True, True), (True, False), (False, True), (False, False)])  # "X is A" each time
    assert found["score"] == "2 of 4 right, one-sided p = 0.688"
    rows = list(csv.DictReader(io.StringIO(found["csv"])))
    assert [(row["A"], row["X"], row["answer"], row["correct"]) for row in rows] == [
        ("noisy", "noisy", "noisy", "1"), ("noisy", "better", "noisy", "0"),
        ("better", "better", "better", "1"), ("better", "noisy", "better", "0")]


def test_a_clip_name_cannot_become_a_formula_or_break_the_table():
    text = logic("""ABX.csv([{ clip: '=1+1', other: 'say "a", b' }])""")
    assert list(csv.reader(io.StringIO(text))) == [["clip", "other"], ["'=1+1", 'say "a", b']]


def test_the_page_loads_nothing_but_its_demonstration():
    page = PAGE.read_text(encoding="utf-8")
    assert re.findall(r'(?:src|href)="([^"]+)"', page) == ["demo.js"]
    assert "http" not in page and "fetch(" not in page
