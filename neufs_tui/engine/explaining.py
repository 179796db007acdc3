"""An example's explanation, put together from the scan, the labels and the model's weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from neufs_tui.core.explanation import Explanation, GapNeuron
from neufs_tui.core.gaps import bars, find_gap, nearest_labelled
from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import Decision, DecisionKind, ExampleId
from neufs_tui.engine.protocol import EngineConfig
from neufs_tui.engine.scanning import Scanner
from neufs_tui.model.capture import Contributions
from neufs_tui.model.readout import Readout

N_NEURONS = 8
"""Gap neurons shown one by one."""


class Explainer:
    """Explains examples of one scanned pool."""

    def __init__(self, config: EngineConfig, scanner: Scanner) -> None:
        """Bind the pool, and the model with what it has scanned so far."""
        self._examples = {example.id: example for example in config.examples}
        self._names = config.task.label_names
        self._captures: Mapping[ExampleId, Capture] = scanner.captures
        self._shape = scanner.shape
        self._encoder = scanner.encoder
        self._runner = scanner.runner.sibling()
        self._readout = Readout(scanner.loaded)

    def explain(self, example_id: ExampleId, decisions: Sequence[Decision]) -> Explanation | None:
        """Why this example, by the labels that hold; None while it is not scanned.

        Args:
            example_id: an example of the pool.
            decisions: what holds, in order. If the example is among them, those before it count:
                what was known when it was decided.
        """
        earlier: list[ExampleId] = []
        for decision in decisions:
            if decision.example_id == example_id:
                break
            if decision.kind is DecisionKind.LABEL and decision.example_id in self._captures:
                earlier.append(decision.example_id)
        capture = self._captures.get(example_id)
        if capture is None:
            return None
        gap, neurons = find_gap(self._captures, example_id, earlier, shape=self._shape)
        here = self._contributions(example_id)
        summed = here.values.sum(axis=0)  # (n_layers, d_mlp)
        strongest = neurons[np.argsort(-summed.ravel()[neurons], kind="stable")]
        strongest = strongest[:N_NEURONS]
        there = {one: self._contributions(one).values.sum(axis=0).ravel() for one in earlier}
        return Explanation(
            example_id=example_id,
            answer=self._names[capture.answer],
            probabilities=dict(zip(self._names, map(float, capture.probabilities), strict=True)),
            labelled=tuple(earlier),
            gap=gap,
            neurons=tuple(self._neuron(int(one), here, there) for one in strongest),
            bars=bars(summed, capture.neurons, neurons, n_shown=N_NEURONS),
            overlap=nearest_labelled(self._captures, example_id, earlier),
        )

    def _neuron(
        self,
        neuron: int,
        here: Contributions,
        there: Mapping[ExampleId, np.ndarray[tuple[int], np.dtype[np.float32]]],
    ) -> GapNeuron:
        layer, index = divmod(neuron, self._shape[1])
        own = here.values[:, layer, index]
        # Its sign where it contributes most decides which way its direction points
        active = bool(here.activations[own.argmax(), layer, index] > 0)
        promoted = self._readout.promoted(layer, index, active=active)
        nearest = max(there, key=lambda one: float(there[one][neuron]), default=None)
        return GapNeuron(
            layer=layer,
            index=index,
            contribution=float(own.sum()),
            towards=promoted.towards,
            away=promoted.away,
            nearest=nearest,
            nearest_contribution=float(there[nearest][neuron]) if nearest is not None else 0.0,
        )

    def _contributions(self, example_id: ExampleId) -> Contributions:
        prompt = self._encoder.prompt(self._examples[example_id].text)
        return self._runner.contributions(prompt, self._captures[example_id].answer)
