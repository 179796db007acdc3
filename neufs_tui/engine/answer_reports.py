"""What is told of the model's answers once for each focus, as soon as it is read."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace

from neufs_tui.core.calibration import Calibration, Offsets, Uncalibrated
from neufs_tui.core.check_readings import ChecksRead
from neufs_tui.core.estimated import Estimated
from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import ExampleId
from neufs_tui.engine.calibrating import Basis, Calibrator
from neufs_tui.engine.checking import Checking
from neufs_tui.engine.learning import Learned, estimated
from neufs_tui.engine.protocol import Calibrated, EngineConfig, Focus
from neufs_tui.engine.rescoring import Rescorer
from neufs_tui.engine.scanning import Scanner
from neufs_tui.selection.scanned_pool import Readings


class AnswerReports:
    """Tells what calibrates the answers, and what model and labels make of the check examples."""

    def __init__(
        self,
        config: EngineConfig,
        scanner: Scanner,
        rescorer: Rescorer | None,
        calibrator: Calibrator,
        send: Callable[[Calibrated | ChecksRead | Estimated], None],
    ) -> None:
        """Bind what reads.

        Args:
            config: whose labels are told of.
            scanner: reads without demonstrations.
            rescorer: reads with them; None where nothing is read again.
            calibrator: of both.
            send: hears what is told.
        """
        self._scanner = scanner
        self._rescorer = rescorer
        self._calibrator = calibrator
        self._send = send
        self._names = config.task.label_names
        self._focus: Focus | None = None
        self._basis: Basis | Uncalibrated = Uncalibrated.FEW_LABELS
        self._checking = Checking(config, scanner, rescorer)
        self._owes_calibration = False

    @property
    def owes(self) -> bool:
        """Whether something is still to be told of the last focus."""
        return self._owes_calibration or self._checking.is_owed

    def begin(self, focus: Focus) -> Sequence[ExampleId]:
        """Take up a focus; returns what is to be read for it, besides the check examples.

        Of a test, which may be long, what is read behind the labels there were is told first.
        """
        if not self._owes_calibration:
            self._tell_checks(leaving=True)
        self._focus = focus
        self._basis = self._calibrator.basis(focus.decisions, focus.held)
        self._owes_calibration = True
        return self._basis.sample if isinstance(self._basis, Basis) else ()

    def offsets(self) -> Offsets:
        """What calibrates the answers with the labels there are."""
        return self._calibrator.offsets(self._basis, self._scanner.captures, self._readings)

    def scan(self) -> Generator[None]:
        """Read the test without labels, once the pool is; yields after each batch."""
        return self._checking.scan()

    @property
    def tests(self) -> Sequence[ExampleId] | None:
        """The test's texts that may be read with labels; None without a test."""
        return self._checking.tests

    def follow(self, focus: Focus) -> None:
        """Tell what is known already; the rescorer has followed the same focus before."""
        self._checking.follow(focus)
        self.tell()

    def tell_estimates(self, learned: Learned, readings: Readings | None) -> None:
        """Tell how well the labels foretell one another, once there is something to learn from.

        Args:
            learned: by the labels of the focus followed last.
            readings: the pool as it is ranked.
        """
        if self._focus is not None and learned.estimates is not None and readings is not None:
            self._send(estimated(learned.estimates, readings.pool, self._focus, self._names))

    def read_halves(self) -> bool:
        """Read check examples behind some of the labels; returns whether any were left to read."""
        more = self._checking.step()
        self.tell()
        return more

    def tell(self) -> None:
        """Tell what has come to be known."""
        if self._focus is None:
            return
        if self._owes_calibration:
            self._tell_calibration(self._focus)
        if not self._owes_calibration:
            self._tell_checks()

    def _tell_checks(self, *, leaving: bool = False) -> None:
        if (read := self._checking.news(leaving=leaving)) is not None:
            self._send(replace(read, offsets=self.offsets()))

    def _tell_calibration(self, focus: Focus) -> None:
        shown = self._rescorer.shown if self._rescorer is not None else ()
        if shown and not self._calibrator.is_read(self._basis, self._readings):
            return
        by: Calibration | Uncalibrated | None = None
        if isinstance(self._basis, Uncalibrated):
            by = self._basis
        else:
            by = self._calibrator.told(self._basis, self.offsets(), shown)
        if by is not None:
            self._send(Calibrated(focus.revision, by))
            self._owes_calibration = False

    @property
    def _readings(self) -> Mapping[ExampleId, Capture]:
        """What was read with the present demonstrations."""
        return self._rescorer.readings if self._rescorer is not None else {}
