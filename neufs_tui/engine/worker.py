"""The engine process: owns the model, scans, ranks, and answers within one batch.

Run as `python -m neufs_tui.engine.worker FD`, where FD is the engine's end of the pipe. What
this process or a library under it prints goes to the log file it was started with.
"""

from __future__ import annotations

import logging
import os
import select
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, NoReturn

from neufs_tui.core.explanation import Explanation, Word
from neufs_tui.engine.announcer import Announcer
from neufs_tui.engine.candidates import NONE, Candidates
from neufs_tui.engine.protocol import (
    EngineConfig,
    EngineFailed,
    Event,
    Explain,
    Explained,
    FindWords,
    Focus,
    Request,
    WordsFound,
)
from neufs_tui.errors import NeufsError
from neufs_tui.storage.paths import LOG_FORMAT

if TYPE_CHECKING:
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

Words = tuple[Word, ...]
_NOTHING = object()
"""What is found of an example that is not scanned."""


class _Stopped(Exception):
    """The app has hung up."""


class Engine:
    """Serves one app until its end of the pipe closes."""

    def __init__(self, connection: Connection, config: EngineConfig) -> None:
        """Bind the pipe and what is to be done."""
        self._connection = connection
        self._config = config
        self._focus: Focus | None = None
        self._scanner: Scanner | None = None
        self._ranker: Ranker | None = None
        self._rescorer: Rescorer | None = None
        self._explainer: Explainer | None = None
        self._asked: list[Explain | FindWords] = []
        """Questions without an answer, the newest last."""
        self._answering: tuple[Explain | FindWords, Iterator[Explanation | Words | None]] | None
        self._answering = None
        self._candidates = NONE
        """What is to be reread, best first."""
        self._shortlist = NONE
        """What of it is reread before the scan goes on."""
        self._is_unranked = False
        """Whether something was reread that the last ranking does not know."""
        self._rank_again_at = 0.0
        """On the monotonic clock; until then rereading goes on."""

    def leave(self) -> NoReturn:
        """End the process in the middle of its work; what is read is stored.

        Called from a thread of its own: a batch may take long, and nobody waits for it.
        """
        logger.info("stopped")
        if self._scanner is not None:
            self._scanner.close()
        sys.stdout.flush()
        os._exit(0)

    def serve(self) -> None:
        """Load, scan and rank, until the app hangs up."""
        announcer = Announcer(self._send)
        announcer.stage("libraries", "starting PyTorch and transformers")
        # seconds of import, so the app hears of the stage first
        from neufs_tui.engine.explaining import Explainer
        from neufs_tui.engine.kept_selection import KeptSelection
        from neufs_tui.engine.ranking import Ranker
        from neufs_tui.engine.rescoring import Rescorer
        from neufs_tui.engine.scanning import Scanner, ready
        from neufs_tui.model.loading.checked import load_checked_model

        config = self._config
        loaded = load_checked_model(config.model, config.cache_dir / "models", announcer)
        hello = ready(loaded)
        self._send(hello)
        announcer.stage("scan", "scanning the first examples")
        self._scanner = scanner = Scanner(config, loaded)
        announcer.notice(scanner.notices)
        self._ranker = Ranker(
            config.examples,
            config.task,
            config.selection,
            device=loaded.device,
            model=hello.identity,
            memory=KeptSelection(config.cache_dir / "clusterings"),
        )
        if config.selection.rescore != "off":
            self._rescorer = Rescorer(config, scanner)
        self._explainer = Explainer(config, scanner)
        try:
            for progress in scanner.run():
                self._send(progress)
                changed = self._ranker.observe(scanner.captures, complete=scanner.complete)
                heard = self._hear()
                if scanner.captures and (heard or changed or self._is_waiting()):
                    self._answer()
                self._explain()
                self._reread(self._shortlist)
        finally:
            scanner.close()
        while True:
            if self._explain() and not self._reread(self._candidates):
                self._connection.poll(_LOOK_S if self._ranker.is_building else None)
            built = self._ranker.observe(scanner.captures, complete=scanner.complete)
            if self._hear() or built:
                self._answer()

    def _answer(self) -> None:
        """Follow the annotator's decisions, and say what comes next."""
        if self._focus is None or self._ranker is None:
            return
        if self._rescorer is not None:
            self._rescorer.follow(self._focus.decisions)
            self._refresh(self._ranker, self._rescorer)
            self._is_unranked = False
        ranked = self._ranker.answer(self._focus)
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
        if ranked.complete and progress.done == progress.total:
            self._send(replace(ranked, final=True))

    def _reread(self, candidates: Candidates) -> bool:
        """Reread one batch of candidates; rank anew when it is worth its time, and at the end.

        Returns:
            Whether there was anything to reread.
        """
        if self._rescorer is None:
            return False
        more = self._rescorer.step(candidates)
        self._is_unranked |= more
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
        is_final = ranked.complete and progress.done == progress.total
        self._send(replace(ranked, final=is_final))
        ended = time.monotonic()
        self._rank_again_at = ended + (ended - began) / _RANKING_SHARE
        self._is_unranked = False

    def _explain(self) -> bool:
        """Answer questions, the newest first, until something is heard from the app.

        Returns:
            Whether none is left.
        """
        while self._asked and not self._connection.poll():
            question = self._asked[-1]
            if self._answering is None or self._answering[0] is not question:
                self._answering = (question, self._steps(question))
            found = next(self._answering[1], _NOTHING)
            if found is None:
                continue
            self._asked.remove(question)
            self._answering = None
            if isinstance(question, FindWords):
                words = found if isinstance(found, tuple) else None
                self._send(WordsFound(question.example_id, words))
            else:
                explanation = found if isinstance(found, Explanation) else None
                self._send(Explained(question.example_id, explanation))
        return not self._asked

    def _steps(self, question: Explain | FindWords) -> Iterator[Explanation | Words | None]:
        """The work on one question, a piece at a time."""
        assert self._explainer is not None  # made before anything is heard
        if isinstance(question, FindWords):
            return self._explainer.words(question.example_id, question.decisions)
        readings = self._ranker.readings if self._ranker is not None else None
        return self._explainer.explain(question.example_id, question.decisions, readings)

    def _refresh(self, ranker: Ranker, rescorer: Rescorer) -> None:
        ranker.refresh(rescorer.readings, n_demonstrations=len(rescorer.demonstrations))

    def _is_waiting(self) -> bool:
        """Whether nothing is on the screen, so that each further batch may bring something."""
        return self._focus is not None and self._focus.shown is None

    def _hear(self) -> bool:
        """Take in what has arrived.

        Returns:
            Whether there is a newer focus.
        """
        newer = False
        while self._connection.poll():
            try:
                request: Request = self._connection.recv()
            except (EOFError, OSError) as error:
                raise _Stopped from error
            if isinstance(request, Explain | FindWords):
                self._asked.append(request)
            else:
                self._focus, newer = request, True
        return newer

    def _send(self, event: Event) -> None:
        try:
            self._connection.send(event)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise _Stopped from error


def _leave_with_the_app(connection: Connection, engine: Engine) -> None:
    """Wait until the other end of the pipe closes, whatever is still to be read from it."""
    hung_up = select.poll()
    hung_up.register(connection.fileno(), 0)
    hung_up.poll()
    engine.leave()


def main() -> None:
    """Serve the app at the other end of the pipe whose descriptor is the only argument."""
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    with Connection(int(sys.argv[1])) as connection:
        try:
            engine = Engine(connection, connection.recv())
            leaving = (connection, engine)
            threading.Thread(target=_leave_with_the_app, args=leaving, daemon=True).start()
            engine.serve()
        except (_Stopped, EOFError):
            logger.info("stopped")
        except NeufsError as error:
            logger.exception("the engine cannot go on")
            connection.send(EngineFailed(error.message, error.hint))
        except RuntimeError as error:
            from neufs_tui.model.loading.failures import (
                is_out_of_memory,  # the engine has torch by now
            )

            if not is_out_of_memory(error):
                raise
            logger.exception("out of memory")
            connection.send(EngineFailed("the model ran out of memory", "", out_of_memory=True))


if __name__ == "__main__":
    main()
