"""What a few labels teach: the model's answers, each part of the readout, all together.

    python benchmarks/readout.py POOL:TEST[:SHARES] ... [--model MODEL] [-n ROWS] [--test ROWS]
        [--draws N] [--first N] [--encoder FOLDER] [--prompt ROWS]

POOL and TEST are JSONL with `label`, and `text` or `input`. SHARES, such as `spam=1,ham=9`,
subsamples both to these proportions. Of each, ROWS texts are drawn and scanned; the scan is kept
in the cache. For each draw, 32 labels are given in three ways: at random; as the default strategy
chooses with gold answers, for 32 shots; and so without weighing what the classes lack. From the
first 8, 16 and 32 are learned: what calibrates the model's answers without demonstrations, each
part of the readout alone, and all together; with --encoder, logistic regression on sentence
vectors too. With --prompt, ROWS of the test are read behind the first 16 labels instead, and the
answers calibrated on 64 texts of the pool. Prints accuracy / macro-F1 on the test rows, the mean
count of the rarest class, and paired differences with 95% intervals by bootstrap over draws and
rows. Prints Markdown tables.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from calibration import Pair, pairs
from inputs import examples_of, label_names
from numpy.typing import NDArray

from neufs_tui.core.neurons import softmax
from neufs_tui.core.records import (
    Answer,
    Decision,
    DecisionKind,
    Demonstration,
    Label,
    Task,
)
from neufs_tui.core.settings import ModelChoice, SelectionSettings
from neufs_tui.engine.calibrating import Calibrator
from neufs_tui.engine.in_process import scan_pool
from neufs_tui.engine.protocol import EngineConfig, Focus
from neufs_tui.engine.ranking import Ranker
from neufs_tui.engine.set_readings import Wanted, read_sets
from neufs_tui.readout.estimate import SETTINGS, learn
from neufs_tui.readout.kernel_regression import log_softmax
from neufs_tui.readout.similarity import PARTS, PoolSpace
from neufs_tui.selection.scanned_pool import ScannedPool
from neufs_tui.statistics.calibration import calibrated, class_prior, offsets
from neufs_tui.statistics.classification import accuracies, macro_f1s, resamples
from neufs_tui.storage.paths import cache_dir

COUNTS = (8, 16, 32)
N_SAMPLE = 64
ARMS = ("random", "chosen", "chosen without classes")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pool:
    """A pool and a test, scanned."""

    config: EngineConfig
    gold: dict[str, str]
    captures: ScannedPool
    tests: ScannedPool
    encode: Callable[[Sequence[str]], NDArray[np.float32]] | None

    @property
    def names(self) -> tuple[str, ...]:
        """The labels."""
        return self.config.task.label_names

    def classes(self, pool: ScannedPool) -> NDArray[np.intp]:
        """Gold labels of one of the two."""
        return np.array([self.names.index(self.gold[one]) for one in pool.ids], dtype=np.intp)

    @cached_property
    def space(self) -> PoolSpace:
        """Of the pool."""
        return PoolSpace(self.captures.captures, self.captures.sets)

    @cached_property
    def vectors(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Sentence vectors of the pool and of the test."""
        assert self.encode is not None  # only asked with an encoder
        texts = {one.id: one.text for one in (*self.config.examples, *self.config.tests)}
        pool, test = (self.encode([texts[one] for one in of.ids]) for of in self.parts)
        return pool, test

    @property
    def parts(self) -> tuple[ScannedPool, ScannedPool]:
        """Pool and test."""
        return self.captures, self.tests


def chosen(pool: Pool, seed: int, *, balance: bool) -> list[int]:
    """What the default strategy asks, answered with the gold labels."""
    n = COUNTS[-1]
    selection = SelectionSettings(shots=n, seed=seed, balance=balance)
    calibrator = Calibrator(pool.config, reads_all=True)
    ranker = Ranker(pool.config.examples, pool.config.task, selection, calibrator=calibrator)
    ranker.observe(dict(zip(pool.captures.ids, pool.captures.captures, strict=True)), complete=True)
    ranker.finish()
    decisions: list[Decision] = []
    for revision in range(n):
        pick = ranker.answer(Focus(revision, tuple(decisions), None)).pick
        assert pick is not None  # there are more examples than labels
        given = Answer(pool.gold[pick.example_id])
        decisions.append(Decision(pick.example_id, DecisionKind.LABEL, given))
    return [pool.captures.place_of[one.example_id] for one in decisions]


def learned(pool: Pool, places: Sequence[int], seed: int) -> Iterator[tuple[str, Floats]]:
    """Label probabilities of the test by each way of learning from some labels."""
    classes = pool.classes(pool.captures)[list(places)]
    sample = np.random.default_rng(seed).permutation(len(pool.captures.ids))[:N_SAMPLE]
    prior = class_prior([pool.names[one] for one in classes], pool.names)
    moved = offsets(pool.captures.scores[sample], prior)
    known, asked = (log_softmax(one.scores.astype(np.float64) + moved) for one in pool.parts)
    yield "raw answers", softmax(pool.tests.scores)
    yield "answers", np.exp(asked)
    labelled = pool.space.texts[places]
    own = labelled.similarities(labelled)
    others = pool.space.hold(pool.tests.captures).similarities(labelled)
    for part in PARTS:
        alone = [setting for setting in SETTINGS if setting.parts == (part,)]
        readout = learn(own, classes, known[list(places)], alone)
        yield part, readout.probabilities(others, asked)
    yield "all", learn(own, classes, known[list(places)]).probabilities(others, asked)
    if pool.encode is not None:
        yield "encoder", encoded(pool, places, classes)


def encoded(pool: Pool, places: Sequence[int], classes: NDArray[np.intp]) -> Floats:
    """Logistic regression on sentence vectors, as scikit-learn has it."""
    from sklearn.linear_model import LogisticRegression

    vectors, queries = pool.vectors
    shares = np.zeros((len(queries), len(pool.names)))
    if len(set(classes.tolist())) == 1:
        shares[:, classes[0]] = 1
        return shares
    # each class alike: with few labels it else answers nearly always the commonest
    library = LogisticRegression(class_weight="balanced", max_iter=1000)
    fitted = library.fit(vectors[list(places)], classes)
    shares[:, fitted.classes_] = fitted.predict_proba(queries)
    return shares


class Resampled:
    """Means over draws and rows, and what they are in resamples of both."""

    def __init__(self, gold: NDArray[np.intp], n_draws: int) -> None:
        """Draw the resamples, the same for all that is compared."""
        self._gold = gold
        self._rows = np.vstack([np.ones((1, len(gold))), resamples(len(gold), 0)])
        rng = np.random.default_rng(1)
        draws = rng.multinomial(n_draws, np.full(n_draws, 1 / n_draws), len(self._rows) - 1)
        self._draws = np.vstack([np.ones((1, n_draws)), draws]) / n_draws

    def accuracy(self, draws: Sequence[Floats]) -> Floats:
        """The mean, then that of each resample."""
        each = [accuracies([one], self._gold, self._rows) for one in draws]
        return np.asarray((self._draws * np.stack(each, axis=1)).sum(axis=1))

    def macro_f1(self, draws: Sequence[Floats]) -> Floats:
        """The mean, then that of each resample."""
        each = [macro_f1s([one], self._gold, self._rows) for one in draws]
        return np.asarray((self._draws * np.stack(each, axis=1)).sum(axis=1))


def told(these: Floats, those: Floats) -> str:
    """A difference with its interval."""
    low, high = np.percentile(these[1:] - those[1:], [2.5, 97.5])
    return f"{these[0] - those[0]:+.3f} ({low:+.3f} to {high:+.3f})"


def tables(name: str, pool: Pool, seeds: Sequence[int]) -> None:
    """Print what one pool shows."""
    n_draws = len(seeds)
    found: dict[tuple[str, int], dict[str, list[Floats]]] = {}
    rare: dict[str, list[int]] = defaultdict(list)
    classes = pool.classes(pool.captures)
    counts = np.bincount(classes, minlength=len(pool.names))
    for seed in seeds:
        drawn = random.Random(f"draw {seed}").sample(range(len(classes)), COUNTS[-1])
        ways = dict(
            zip(ARMS, (drawn, *(chosen(pool, seed, balance=b) for b in (True, False))), strict=True)
        )
        for arm, places in ways.items():
            rare[arm].append(int((classes[places[:16]] == counts.argmin()).sum()))
            for k in COUNTS:
                here = found.setdefault((arm, k), defaultdict(list))
                for way, shares in learned(pool, places[:k], seed):
                    here[way].append(shares)
    resampled = Resampled(pool.classes(pool.tests), n_draws)
    ways_of = list(found[ARMS[0], COUNTS[0]])
    print(f"\n{name}: {len(classes)} texts, {len(pool.tests.ids)} in the test, {n_draws} draws")
    print(
        "Of 16 labels, rarest class: "
        + ", ".join(f"{arm} {np.mean(rare[arm]):.1f}" for arm in ARMS)
    )
    expected = 16 * counts.min() / counts.sum()
    more = np.array(rare["chosen"]) - 2 * expected
    spread = np.random.default_rng(0).choice(more, (2000, n_draws)).mean(axis=1)
    low, high = np.percentile(spread, [2.5, 97.5])
    print(f"chosen less twice what random draws have on average, {expected:.2f}: ", end="")
    print(f"{more.mean():+.2f} ({low:+.2f} to {high:+.2f})\n")
    print(f"| labels | | {' | '.join(ways_of)} |\n|{'---|' * (2 + len(ways_of))}")
    measures: dict[tuple[str, int, str], tuple[Floats, Floats]] = {}
    for k in COUNTS:
        for arm in ARMS:
            cells = []
            for way in ways_of:
                draws = found[arm, k][way]
                pair = resampled.accuracy(draws), resampled.macro_f1(draws)
                measures[arm, k, way] = pair
                cells.append(f"{pair[0][0]:.3f} / {pair[1][0]:.3f}")
            print(f"| {k} | {arm} | {' | '.join(cells)} |")
    print("\n| labels | | accuracy | macro-F1 |\n|---|---|---|---|")

    def compare(k: int, what: str, these: tuple[str, str], those: tuple[str, str]) -> None:
        a, b = measures[these[0], k, these[1]], measures[those[0], k, those[1]]
        print(f"| {k} | {what} | {told(a[0], b[0])} | {told(a[1], b[1])} |")

    for k in COUNTS:
        for arm in ARMS[:2]:
            best = max(("answers", *PARTS), key=lambda way: measures[arm, k, way][0][0])
            compare(k, f"{arm}: all − {best}, its best part", (arm, "all"), (arm, best))
        compare(k, "all: chosen − random", ("chosen", "all"), ("random", "all"))
        without = ("chosen without classes", "all")
        compare(k, "all: chosen − without classes", ("chosen", "all"), without)
        if "encoder" in ways_of:
            for arm in ARMS[:2]:
                compare(k, f"{arm}: all − encoder", (arm, "all"), (arm, "encoder"))


def prompts(name: str, pool: Pool, seeds: Sequence[int], n_rows: int) -> None:
    """Print what the labels are worth in a prompt."""
    n_draws = len(seeds)
    texts = {one.id: one for one in (*pool.config.examples, *pool.config.tests)}
    classes = pool.classes(pool.captures)
    rows = [texts[one] for one in pool.tests.ids[:n_rows]]
    found: dict[str, list[Floats]] = defaultdict(list)
    for seed in seeds:
        drawn = random.Random(f"draw {seed}").sample(range(len(classes)), COUNTS[-1])
        ways = [drawn, chosen(pool, seed, balance=True), chosen(pool, seed, balance=False)]
        for arm, places in zip(ARMS, ways, strict=True):
            ids = [pool.captures.ids[place] for place in places[:16]]
            shown = tuple(Demonstration(texts[one].text, pool.gold[one]) for one in ids)
            left = [one for one in pool.captures.ids if one not in ids]
            sample = [texts[one] for one in random.Random(seed).sample(left, N_SAMPLE)]
            wanted = [Wanted(shown, [*rows, *sample])]
            scores = read_sets(pool.config, wanted, lambda _: None).sets[0].scores
            prior = class_prior([pool.gold[one] for one in ids], pool.names)
            moved = offsets(scores[len(rows) :], prior)
            found[f"{arm}, raw"].append(softmax(scores[: len(rows)]))
            found[f"{arm}, calibrated"].append(calibrated(scores[: len(rows)], moved))
    resampled = Resampled(pool.classes(pool.tests)[:n_rows], n_draws)
    measures = {arm: (resampled.accuracy(of), resampled.macro_f1(of)) for arm, of in found.items()}
    print(f"\n{name}: behind 16 labels, {n_rows} rows, {n_draws} draws\n")
    print("| labels | accuracy / macro-F1 | − without classes: accuracy | F1 |\n|---|---|---|---|")
    for arm, (accuracy, macro_f1) in measures.items():
        base = measures[f"{ARMS[2]}, {arm.split(', ')[1]}"]
        cells = f"{accuracy[0]:.3f} / {macro_f1[0]:.3f}"
        print(f"| {arm} | {cells} | {told(accuracy, base[0])} | {told(macro_f1, base[1])} |")


def main() -> None:
    """Print the tables of each pool."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pools", nargs="+", metavar="POOL:TEST[:SHARES]")
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("-n", type=int, default=700, help="rows of the pool")
    parser.add_argument("--test", type=int, default=300, help="rows of the test")
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--first", type=int, default=0, help="number of the first draw")
    parser.add_argument("--encoder", help="folder or name of a sentence encoder")
    parser.add_argument("--prompt", type=int, help="rows of the test read behind 16 labels")
    arguments = parser.parse_args()
    encode = None
    if arguments.encoder:
        from sentence_transformers import SentenceTransformer

        encode = SentenceTransformer(arguments.encoder, device="cpu").encode
    for named in arguments.pools:
        path, test, *rest = named.split(":")
        shares = dict(part.split("=") for part in rest[0].split(",")) if rest else {}
        weights = {label: float(share) for label, share in shares.items()}
        read = pairs(Path(path), {}, random.Random(0)), pairs(Path(test), {}, random.Random(0))
        parts = [
            subsampled(rows[:n], weights)
            for rows, n in zip(read, (arguments.n, arguments.test), strict=True)
        ]
        names = [*weights] or label_names({"label": label} for _, label in [*read[0], *read[1]])
        task = Task(labels=tuple(map(Label, sorted(names))))
        examples, tests = (examples_of(text for text, _ in rows) for rows in parts)
        model, gold = ModelChoice(arguments.model), {}
        for found, rows in zip((examples, tests), parts, strict=True):
            gold |= dict(zip((one.id for one in found), (label for _, label in rows), strict=True))
        config = EngineConfig(examples, task, model, cache_dir(), tests=tests)
        scans = [
            scan_pool(EngineConfig(found, task, model, cache_dir()), lambda _: None).captures
            for found in (examples, tests)
        ]
        pool = Pool(config, gold, *map(ScannedPool, scans), encode)
        name = Path(path).parent.name + (f" {rest[0]}" if rest else "")
        seeds = range(arguments.first, arguments.first + arguments.draws)
        if arguments.prompt:
            prompts(name, pool, seeds, arguments.prompt)
        else:
            tables(name, pool, seeds)


def subsampled(rows: Sequence[Pair], shares: dict[str, float]) -> list[Pair]:
    """As many as there are in some proportions."""
    if not shares:
        return list(rows)
    by_label = {name: [pair for pair in rows if pair[1] == name] for name in shares}
    unit = min(len(by_label[name]) / share for name, share in shares.items())
    return [pair for name, share in shares.items() for pair in by_label[name][: int(unit * share)]]


if __name__ == "__main__":
    main()
