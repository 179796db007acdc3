"""What the model makes of the check examples, or of a test, as soon as all are read alike."""

from __future__ import annotations

from collections.abc import Generator, Mapping

from neufs_tui.core.check_readings import CheckReading, ChecksRead, digests
from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import DecisionKind, ExampleId
from neufs_tui.engine.half_sets import HalfReader
from neufs_tui.engine.protocol import EngineConfig, Focus
from neufs_tui.engine.rescoring import Rescorer
from neufs_tui.engine.scanning import Scanner
from neufs_tui.statistics.check_set import MIN_CHECKED


class Checking:
    """Puts together what scan and rereading make of them, and reads behind halves of the labels."""

    def __init__(self, config: EngineConfig, scanner: Scanner, rescorer: Rescorer | None) -> None:
        """Bind what reads them.

        Args:
            config: the pool.
            scanner: reads them without labels.
            rescorer: reads them with the labels there are; None where nothing is read again.
        """
        self._in_pool = frozenset(example.id for example in config.examples)
        self._tests = tuple(one.id for one in config.tests)
        self._config = config
        self._names = config.task.label_names
        self._scanner = scanner
        self._rescorer = rescorer
        self._halves = HalfReader(config, scanner) if rescorer is not None else None
        self._focus: Focus | None = None
        self._alone = scanner.captures
        """What was read without labels, check examples or test."""
        if config.tests:
            self._alone = {}
        self.is_owed = False
        """Whether there are some that are still to be told of behind the present labels."""

    def scan(self) -> Generator[None]:
        """Read the test without labels, once the pool is; yields after each batch."""
        if not self._config.tests:
            return
        scanner = self._scanner.beside(self._config.tests)
        self._alone = scanner.captures
        try:
            for _ in scanner.run():
                yield
        finally:
            scanner.close()

    @property
    def tests(self) -> list[ExampleId] | None:
        """The test's texts that are read without labels, and may be with; None without a test."""
        return [one for one in self._tests if one in self._alone] if self._tests else None

    def follow(self, focus: Focus) -> None:
        """Go on from where the annotator is; the rescorer does so before."""
        self._focus = focus
        self.is_owed = bool(self._tests) or any(one.check for one in focus.decisions)
        if self._rescorer is not None and self._halves is not None:
            self._halves.follow(self._rescorer.labelled, self._rescorer.checks)

    def news(self, *, leaving: bool = False) -> ChecksRead | None:
        """What is to be told of them, once; None while one is still to be read with the labels.

        Args:
            leaving: the labels are about to be others: of a test, which may be long, what is read
                is told, a random part of it.
        """
        read = self._read(leaving=leaving) if self.is_owed else None
        self.is_owed = self.is_owed and read is None
        return read

    def step(self) -> bool:
        """Read one batch behind random halves of the labels.

        Returns:
            Whether there was anything to read.
        """
        more = self._halves is not None and self._halves.step()
        self.is_owed |= more and bool(self._halves and self._halves.n_labels)
        return more

    def _read(self, *, leaving: bool) -> ChecksRead | None:
        assert self._focus is not None  # there is something to tell
        reread: Mapping[ExampleId, Capture] = {}
        n_demonstrations = n_half = 0
        if self._rescorer is not None:
            reread = self._rescorer.readings
            n_demonstrations = len(self._rescorer.demonstrations)
        ids = self.tests
        if ids is None:
            marked = [one.example_id for one in self._focus.decisions if one.check]
            ids = [one for one in marked if one in self._alone]
        elif leaving and n_demonstrations:
            ids = [one for one in ids if one in reread]
            if len(ids) < MIN_CHECKED:
                return None
        if not ids or (n_demonstrations and any(one not in reread for one in ids)):
            return None
        if self._halves is not None:
            n_half = self._halves.n_labels
        *_, behind = digests(self._focus.decisions, self._in_pool, self._tests)
        return ChecksRead(
            behind=behind.hexdigest(),
            n_demonstrations=n_demonstrations,
            n_labels=sum(one.kind is DecisionKind.LABEL for one in self._focus.decisions),
            names=tuple(self._names),
            readings=tuple(
                CheckReading(
                    one,
                    without=_scores(self._alone[one]),
                    with_labels=_scores(reread[one]) if n_demonstrations else None,
                    halves=self._halves.scores(one) if self._halves and n_half else (),
                )
                for one in ids
            ),
            n_half=n_half,
        )


def _scores(capture: Capture) -> tuple[float, ...]:
    return tuple(map(float, capture.scores))
