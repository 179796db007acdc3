"""Where a neuron is, by name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NeuronPlace:
    """Where a neuron is; everything counts from 0."""

    layer: int
    index: int
    """Its number in the FFN or the expert."""
    ffn: int = 0
    """Which of the layer's FFNs it is of; routed experts are one."""
    expert: int | None = None
    """None where it is of no routed expert."""
    shared: bool = False
    """It is of an expert that every token passes."""

    def __str__(self) -> str:
        """Its name, such as L17.302, L9.e17.302 or L9.shared.302."""
        part = f".e{self.expert}" if self.expert is not None else ".shared" if self.shared else ""
        return f"L{self.layer}{part}.{self.index}"
