"""Why an example, in values that travel between processes; selection/gap.py computes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from neufs_tui.core.neuron_place import NeuronPlace
from neufs_tui.core.records import ExampleId, ModelIdentity

MOST_COMPARED = 64
"""Labelled examples that are looked at, a sample where there are more: each has to be read."""


@dataclass(frozen=True, slots=True)
class GapNeuron:
    """One neuron of the gap."""

    layer: int
    index: int
    """Its number in the layer's FFN, or in the expert that it is of."""
    contribution: float
    """Towards the model's answer, summed over its tokens."""
    towards: tuple[str, ...]
    """Tokens that it pushes up most; a readout of its direction, not its meaning."""
    away: tuple[str, ...]
    """Tokens that it pushes down most."""
    nearest: ExampleId | None
    """The labelled example in which it contributes most, of `MOST_COMPARED` of them at most; None
    without labels."""
    nearest_contribution: float
    """What it contributes there, towards the answer there; 0 without labels."""
    n_examples: int
    """Scanned examples that have it in their set, this one among them."""
    texts: tuple[ExampleId, ...] = ()
    """Other scanned examples that have it in their set, those in which it pushes most first."""
    expert: int | None = None
    """The routed expert that it is of; None in other FFNs."""
    shared: bool = False
    """It is of an FFN that every token passes beside routed experts."""

    @property
    def name(self) -> str:
        """Where it is, such as L17.302."""
        return str(NeuronPlace(self.layer, self.index, expert=self.expert, shared=self.shared))


@dataclass(frozen=True, slots=True)
class Bar:
    """A share of the whole."""

    name: str
    n_neurons: int
    contribution: float


@dataclass(frozen=True, slots=True)
class Overlap:
    """An example beside the labelled one that is nearest to it; all in neurons."""

    example_id: ExampleId
    distance: float
    """Jaccard distance, in [0, 1]."""
    shared: int
    only_here: int
    only_there: int


@dataclass(frozen=True, slots=True)
class Gap:
    """The gap of one example among those that are not labelled."""

    size: int
    """Neurons of it."""
    set_size: int
    """Neurons of the example's set."""
    by_layer: tuple[int, ...]
    """Neurons of the gap in each layer."""
    median: float
    """Median gap over the candidates."""
    rank: int
    """1 + how many candidates have a larger gap."""
    n_ranked: int
    """Candidates, the example among them."""
    n_scanned: int
    """Examples scanned by then."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """What another rule would have shown."""

    rule: Literal["random", "entropy"]
    """`random`: the next of a fixed shuffle. `entropy`: the model is least certain of it."""
    example_id: ExampleId
    entropy: float
    """Of its label probabilities, in nats."""


@dataclass(frozen=True, slots=True)
class Word:
    """A stretch of a text that switches gap neurons on."""

    start: int
    """First character."""
    end: int
    """Behind the last one."""
    drop: float
    """By how much the gap neurons' contribution falls when it is left out."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one example, in numbers."""

    example_id: ExampleId
    answer: str
    """The model's answer without demonstrations, which its neurons push towards."""
    probabilities: Mapping[str, float]
    """Of each label, summing to 1."""
    n_labelled: int
    """The labelled examples that were scanned by then."""
    gap: Gap
    neurons: tuple[GapNeuron, ...]
    """The strongest of the gap, strongest first."""
    bars: tuple[Bar, ...]
    overlap: Overlap | None
    alternatives: tuple[Alternative, ...] = ()
    """What other rules would have shown in its place."""
    keywords: tuple[str, ...] = ()
    """Words that the texts which share most of the gap have oftener than the pool, the one that
    tells most first."""
    alike: tuple[ExampleId, ...] = ()
    """Of these texts the ones that share most of it, this example not among them."""
    n_unscanned: int = 0
    """Other labelled examples of the pool, which were not scanned by then."""
    model: ModelIdentity | None = None
    """The model that was asked, which need not be the one that chose the example; None when that
    is not known."""

    @property
    def n_labels(self) -> int:
        """Labelled examples of the pool that there were."""
        return self.n_labelled + self.n_unscanned

    @property
    def total(self) -> float:
        """What all FFNs push towards the answer's tokens, their biases aside."""
        return sum(bar.contribution for bar in self.bars)
