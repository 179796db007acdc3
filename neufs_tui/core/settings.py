"""Everything that shapes a number, in frozen values that are recorded with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

Rescoring = Literal["off", "shortlist", "pool"]
"""What is reread after a label: nothing, the best candidates, or all that is undecided."""
Signal = Literal["count", "nucleus", "participation", "entropy", "margin"]
"""What tells how hard an example is: neurons kept, neurons that carry most of the contribution,
their participation ratio, entropy of the label probabilities, and how near the two best are."""
SIGNALS: tuple[Signal, ...] = get_args(Signal)
DEFAULT_SIGNAL: Signal = "margin"
"""Chosen by measurement; docs/method.md has the table."""
DEFAULT_STRATEGY = "neufs"
"""The rule that chooses while labelling."""
DifficultyName = Literal[Signal, "auto"]
"""A signal, or `auto`: the one that has told right from wrong best on the annotator's labels."""
CERTAIN = 0.9
"""Probability of a label, by the annotator's labels, from which on it is suggested."""
NO_ADAPTER = "none"
"""Said in an adapter's place: full weights are read without the adapter that lies beside them."""
HookSite = Literal["down_proj", "act_fn"]
"""Where activations are read: the down-projection's input, or the gate's activation alone."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which model is run, and how."""

    name: str = "smollm2-135m"
    """Hub id, local folder, GGUF file, or the name of an embedded model; or an adapter, which
    names its base itself."""
    device: str | None = None
    """`cpu`, `cuda`, `cuda:1`, …; None chooses."""
    device_map: str | None = None
    """How accelerate spreads the model over devices, such as `auto`; None keeps it on one."""
    dtype: str | None = None
    """`float32`, `bfloat16` or `float16`; None chooses."""
    trust_remote_code: bool = False
    """Run code that comes with the model; never set by itself."""
    trust_self_check: bool = False
    """Use a model of a family that is not known if it passes the self-check; never set by
    itself."""
    adapter: str | None = None
    """Hub id or folder of an adapter that is put on the model, or `none`; None puts on none but
    `name` itself where that is one."""

    def renamed(self, name: str) -> ModelChoice:
        """Another model, run in the same way; what was put on this one stays with it."""
        return self if name == self.name else replace(self, name=name, adapter=None)


@dataclass(frozen=True, slots=True)
class CaptureSettings:
    """What is recorded of a forward pass."""

    layer_entries: float = 0.206
    """Largest (position, neuron) contributions kept per layer: below 1 a share of the neurons that
    a token passes there, else a number. The reference keeps 2,000 of 9,728."""
    set_size: float = 0.012
    """Neurons in a set: below 1 a share of those that a token passes, else a number."""
    nucleus_share: float = 0.9
    """Share of the positive contribution that the nucleus carries, in (0, 1)."""
    hook_site: HookSite = "down_proj"
    arriving: bool = True
    """Count what arrives in the residual stream, behind the norm and the factors that follow the
    FFN in some families; the reference counts what the down-projection writes."""
    drop_last_position: bool = False
    """Leave out the last answer position, as the reference does."""
    mask_pad_tokens: bool = False
    """Hide every token equal to the pad token, as the reference does, real ones included."""
    all_candidates: bool = False
    """Read every candidate to its end, also the many of a large label set that cannot win."""

    def n_layer_entries(self, n_active: int) -> int:
        """Entries kept of a layer, at least 1; a number may exceed it, over several positions.

        Args:
            n_active: neurons of the layer that a token passes.
        """
        return _share_or_number(self.layer_entries, n_active)

    def n_set(self, n_active: int) -> int:
        """Neurons kept in a set, at least 1 and at most all that a token passes.

        Args:
            n_active: those, of all layers.
        """
        return min(_share_or_number(self.set_size, n_active), n_active)


REFERENCE_CAPTURE = CaptureSettings(
    layer_entries=2000,
    set_size=5000,
    hook_site="act_fn",
    arriving=False,
    drop_last_position=True,
    mask_pad_tokens=True,
    all_candidates=True,
)
"""The reference implementation's own settings."""


@dataclass(frozen=True, slots=True)
class SelectionSettings:
    """How examples are chosen from what was captured."""

    shots: int = 16
    """Demonstrations wanted."""
    tau: float = 0.5
    """Weight of difficulty against typicality, in [0, 1]."""
    seed: int = 0
    raw_counts: bool = False
    """Compare neuron counts across answer lengths, as the reference does."""
    choose_from: int = 32
    """Scanned examples from which a strategy chooses; below, examples are drawn at random."""
    rescore: Rescoring = "pool"
    difficulty: DifficultyName = DEFAULT_SIGNAL
    strategy: str | None = None
    """Name of the rule that chooses; None leaves it to the command."""
    calibration: bool = True
    """Answers are calibrated, once there are enough labels to go by."""
    balance: bool = True
    """Classes with fewer labels than their share asks weigh in the choice."""
    check: int = 0
    """Check examples wanted: drawn at random among the first queries, never demonstrations."""
    again: int = 0
    """Labels for one that is asked again, unannounced; 0 asks none."""
    test: str = ""
    """Path of a file with gold labels that serves in their place; empty for none."""
    gold: str = "label"
    """The field of its gold labels."""

    @property
    def strategy_name(self) -> str:
        """The rule that chooses while labelling."""
        return self.strategy or DEFAULT_STRATEGY

    @property
    def first_signal(self) -> Signal:
        """The difficulty signal while there are no labels to choose one by."""
        return DEFAULT_SIGNAL if self.difficulty == "auto" else self.difficulty


def _share_or_number(value: float, whole: int) -> int:
    return max(1, round(value * whole) if value < 1 else round(value))
