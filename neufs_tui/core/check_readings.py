"""What the model made of the check examples, and the labels that this was read behind."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b

from neufs_tui.core.calibration import RAW, Offsets
from neufs_tui.core.records import Decision, ExampleId


@dataclass(frozen=True, slots=True)
class CheckReading:
    """The model's answers to one check example, as mean log-probabilities in the labels' order."""

    example_id: ExampleId
    without: tuple[float, ...]
    """Without demonstrations."""
    with_labels: tuple[float, ...] | None
    """With the labels in the prompt; None where none are, or nothing is read again."""
    halves: tuple[tuple[float, ...], ...] = ()
    """With random halves of the labels, one a draw; empty until all of that is read."""


@dataclass(frozen=True, slots=True)
class ChecksRead:
    """The check examples that are labelled have been read with the labels there are."""

    behind: str
    """Digest of those labels, which must hold for this to hold; see `digests`."""
    n_demonstrations: int
    """Labels in the prompt."""
    n_labels: int
    """Labels that held, those of check examples aside."""
    names: tuple[str, ...]
    """Of the labels, in the order of the readings' scores."""
    readings: tuple[CheckReading, ...]
    n_half: int = 0
    """Labels in each random half; 0 until every example is read behind all halves."""
    offsets: Offsets = RAW
    """What calibrates their scores."""

    def tells_more_than(self, other: ChecksRead) -> bool:
        """Whether it says what another says, and more, or is of other labels or answers."""
        if (self.behind, self.names) != (other.behind, other.names):
            return True
        return self != other and self._extent >= other._extent

    @property
    def _extent(self) -> tuple[bool, int, int]:
        return bool(self.n_demonstrations), len(self.readings), self.n_half


def digests(
    decisions: Iterable[Decision],
    in_pool: Container[ExampleId],
    tests: Iterable[ExampleId] = (),
) -> Iterator[blake2b]:
    """A digest of no label, of the first, of the first two, and so on.

    Args:
        decisions: what holds, in the order it was decided.
        in_pool: examples that are in the pool: the label of another is counted, and is no
            demonstration.
        tests: texts that are read in the place of check examples.

    Yields:
        One digest that grows; whoever wants it as it is says so before the next.
    """
    digest = blake2b("".join(tests).encode(), digest_size=16)
    yield digest
    for one in decisions:
        if one.is_shot and one.answer is not None:
            if one.example_id in in_pool:
                digest.update(f"{one.example_id} {one.answer.text}\0".encode())
            yield digest
