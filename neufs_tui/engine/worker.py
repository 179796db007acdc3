"""The engine's work: owns the model, scans, ranks, and answers within one batch."""

from __future__ import annotations

import logging
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from neufs_tui.engine.announcer import Announcer
from neufs_tui.engine.candidates import NONE, Candidates
from neufs_tui.engine.kept_model import KeptModel
from neufs_tui.engine.line import Line
from neufs_tui.engine.protocol import (
    EngineConfig,
    Event,
    Explain,
    FindWords,
    Focus,
    PoolQuestion,
    Rescored,
    ScanProgressed,
)

if TYPE_CHECKING:
    from neufs_tui.engine.answer_reports import AnswerReports
    from neufs_tui.engine.answering import Answering
    from neufs_tui.engine.explaining import Explainer
    from neufs_tui.engine.ranking import Ranker
    from neufs_tui.engine.rescoring import Rescorer
    from neufs_tui.engine.scanning import Scanner

logger = logging.getLogger(__name__)

_LOOK_S = 0.2
"""Seconds between looks at a geometry that is being made."""
SHORTLIST = 32
"""Candidates reread before the scan goes on, and all that `--rescore shortlist` rereads."""
_RANKING_SHARE = 0.1
"""Of the time spent on rereading, what ranking anew may take; it grows with the pool."""


class _Another(Exception):
    """The app wants something else than what is being worked on."""


class Engine:
    """Does what the app at the other end of the line wants, until its process ends."""

    def __init__(self, line: Line) -> None:
        """Bind the line; what is to be done is the first that is said on it."""
        self._line = line
        self._config: EngineConfig
        self._model = KeptModel()
        self._progress: ScanProgressed | None = None
        self._focus: Focus | None = None
        self._scanner: Scanner | None = None
        self._ranker: Ranker | None = None
        self._rescorer: Rescorer | None = None
        self._explainer: Explainer | None = None
        self._answering: Answering
        self._asked: dict[type, PoolQuestion] = {}
        """Questions about the pool that are not answered yet, the newest of each kind."""
        self._candidates = NONE
        """What is to be reread, best first."""
        self._shortlist = NONE
        """What of it is reread before the scan goes on."""
        self._reports: AnswerReports | None = None
        self._is_unranked = False
        """Whether something was reread that the last ranking does not know."""
        self._rank_again_at = 0.0
        """On the monotonic clock; until then rereading goes on."""

    def store(self) -> None:
        """Store what is read, so that the process may end; called from another thread."""
        if self._scanner is not None:
            self._scanner.close()

    def serve(self) -> NoReturn:
        """Load, scan and rank what the app wants, and what else it wants after that.

        Raises:
            NeufsError: it cannot be done.
        """
        self._line.wait()
        first = self._line.take()
        assert isinstance(first, EngineConfig)
        self._begin(first)
        announcer = Announcer(self._send)
        announcer.stage("libraries", "starting PyTorch and transformers")
        # seconds of import, so the app hears of the stage first
        from neufs_tui.engine.answering import Answering

        self._answering = Answering(self._line)
        while True:
            try:
                self._work(announcer)
            except _Another:
                logger.info("goes on with another configuration")
            self._scanner = self._ranker = self._rescorer = self._explainer = None
            self._reports = None
            self._answering.leave()
            self._candidates, self._shortlist, self._is_unranked = NONE, NONE, False

    def _work(self, announcer: Announcer) -> NoReturn:
        """Load, scan and rank what is wanted; _Another ends it."""
        from neufs_tui.engine.answer_reports import AnswerReports
        from neufs_tui.engine.calibrating import Calibrator
        from neufs_tui.engine.explaining import Explainer
        from neufs_tui.engine.kept_selection import KeptSelection
        from neufs_tui.engine.ranking import Ranker
        from neufs_tui.engine.rescoring import Rescorer
        from neufs_tui.engine.scanning import Scanner, ready

        config = self._config
        loaded = self._model.load(config, announcer)
        hello = ready(loaded)
        self._send(hello)
        announcer.stage("scan", "scanning the first examples")
        self._scanner = scanner = Scanner(config, loaded)
        announcer.notice(scanner.notices)
        calibrator = Calibrator(config, reads_all=scanner.runner.reads_all)
        self._ranker = Ranker(
            config.examples,
            config.task,
            config.selection,
            device=loaded.device,
            model=hello.identity,
            memory=KeptSelection(config.cache_dir / "clusterings"),
            calibrator=calibrator,
        )
        if config.selection.rescore != "off":
            self._rescorer = Rescorer(config, scanner)
        self._reports = AnswerReports(config, scanner, self._rescorer, calibrator, self._send)
        self._explainer = Explainer(config, scanner)
        try:
            for self._progress in scanner.run():
                self._send(self._progress)
                changed = self._ranker.observe(scanner.captures, complete=scanner.complete)
                heard = self._hear()
                if scanner.captures and (heard or changed or self._is_waiting()):
                    self._answer()
                self._explain()
                self._reread(self._shortlist)
        finally:
            scanner.close()
        with closing(self._reports.scan()) as scan:
            for _ in scan:
                self._look(scanner)
                self._explain()
                self._reread(self._shortlist)
        if config.tests:
            self._answer()
        while True:
            if self._explain() and not (self._reread(self._candidates) or self._read_halves()):
                self._line.wait(_LOOK_S if self._ranker.is_building else None)
            self._look(scanner)

    def _look(self, scanner: Scanner) -> None:
        """Answer anew if something was said, or a strategy has begun on what is scanned."""
        assert self._ranker is not None  # made before anything is scanned
        built = self._ranker.observe(scanner.captures, complete=scanner.complete)
        if self._hear() or built:
            self._answer()

    def _answer(self) -> None:
        """Follow the annotator's decisions, and say what comes next."""
        if self._focus is None or self._ranker is None or self._reports is None:
            return
        sample = self._reports.begin(self._focus)
        if self._rescorer is not None:
            tests = self._reports.tests
            self._rescorer.follow(self._focus.decisions, self._focus.held, sample, tests)
            self._refresh(self._ranker, self._rescorer)
            self._is_unranked = False
        self._reports.follow(self._focus)
        ranked = self._ranker.answer(self._focus)
        self._reports.tell_estimates(self._ranker.learned, self._ranker.readings)
        if self._asked and self._scanner is not None:
            from neufs_tui.engine.pool_questions import answered

            here = (self._focus, self._ranker.readings, self._config, self._scanner.encoder)
            for asked in self._asked.values():
                self._send(answered(asked, *here))
            self._asked.clear()
        if self._rescorer is None or not self._rescorer.demonstrations:
            self._candidates = self._shortlist = NONE
            self._send(replace(ranked, final=ranked.complete))
            return
        self._send(ranked)
        shortlist = self._config.selection.rescore == "shortlist"
        self._candidates = self._ranker.candidates(
            self._focus, limit=SHORTLIST if shortlist else None
        )
        self._shortlist = self._candidates.first(SHORTLIST)
        progress = self._rescorer.progress(self._candidates, revision=self._focus.revision)
        self._send(progress)
        if self._is_all_read(progress) and ranked.complete:
            self._send(replace(ranked, final=True))

    def _read_halves(self) -> bool:
        """Read check examples behind some of the labels; returns whether any were left to read."""
        if self._reports is None or self._ranker is None or self._ranker.is_building:
            return False
        return self._reports.read_halves()

    def _is_all_read(self, progress: Rescored) -> bool:
        assert self._reports is not None  # made with what reads
        return progress.done == progress.total and not self._reports.owes

    def _reread(self, candidates: Candidates) -> bool:
        """Reread one batch of candidates; rank anew when it is worth its time, and at the end.

        Returns:
            Whether there was anything to reread.
        """
        if self._rescorer is None:
            return False
        more = self._rescorer.step(candidates)
        self._is_unranked |= more
        if more and self._reports is not None:
            self._reports.tell()
        if self._is_unranked and (not more or time.monotonic() >= self._rank_again_at):
            self._rank_reread()
        return more

    def _rank_reread(self) -> None:
        """Say what comes next by what was reread."""
        if self._focus is None or self._ranker is None or self._rescorer is None:
            return
        began = time.monotonic()
        self._refresh(self._ranker, self._rescorer)
        progress = self._rescorer.progress(self._candidates, revision=self._focus.revision)
        self._send(progress)
        ranked = self._ranker.answer(self._focus)
        is_final = ranked.complete and self._is_all_read(progress)
        self._send(replace(ranked, final=is_final))
        ended = time.monotonic()
        self._rank_again_at = ended + (ended - began) / _RANKING_SHARE
        self._is_unranked = False

    def _explain(self) -> bool:
        """Answer questions until something is heard; returns whether none is left."""
        assert self._explainer is not None  # made before anything is heard
        readings = self._ranker.readings if self._ranker is not None else None
        return self._answering.go_on(self._explainer, readings)

    def _refresh(self, ranker: Ranker, rescorer: Rescorer) -> None:
        if self._reports is not None:
            rescorer.calibrate(self._reports.offsets())
        ranker.refresh(rescorer.readings, n_demonstrations=len(rescorer.demonstrations))

    def _is_waiting(self) -> bool:
        """Whether nothing is on the screen, so that each further batch may bring something."""
        return self._focus is not None and self._focus.shown is None

    def _hear(self) -> bool:
        """Take in what was said.

        Returns:
            Whether there is a newer focus, or somebody new to be told of the old one.

        Raises:
            _Another: something else is to be done from now on.
        """
        newer = False
        while (said := self._line.take()) is not None:
            match said:
                case EngineConfig():
                    self._take_up(said)
                    newer = True
                case Focus():
                    self._focus, newer = said, True
                case Explain() | FindWords():
                    self._ask(said)
                case _:
                    self._asked[type(said)] = said
                    newer = True
        return newer

    def _ask(self, asked: Explain | FindWords) -> None:
        from neufs_tui.engine.answering import Question

        decisions = self._focus.decisions if self._focus is not None else ()
        self._answering.ask(Question(asked, decisions))

    def _take_up(self, wanted: EngineConfig) -> None:
        """Go on with what is there if it is what is wanted, and say where it is.

        Raises:
            _Another: it is not.
        """
        now = self._config
        if self._model.is_for(wanted):
            smaller = wanted.batch_halvings > now.batch_halvings
            if wanted.wants_as(now) and not smaller:
                self._greet()
                return
            halvings = max(wanted.batch_halvings, now.batch_halvings)
            wanted = replace(wanted, batch_halvings=halvings)
        self._begin(wanted)
        raise _Another

    def _begin(self, config: EngineConfig) -> None:
        self._config = config
        self._line.begin(config)

    def _greet(self) -> None:
        """Say again what an app is told once."""
        from neufs_tui.engine.scanning import ready

        assert self._scanner is not None and self._progress is not None  # as anything is heard
        self._send(ready(self._scanner.loaded))
        Announcer(self._send).notice(self._scanner.notices)
        self._send(self._progress)

    def _send(self, event: Event) -> None:
        self._line.send(event)
