"""The prompt that the model reads, exactly: for one example, and for any text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, count
from typing import TYPE_CHECKING

from neufs_tui.core.exact_prompt import ExactPrompt, TemplatedPrompt
from neufs_tui.core.records import Decision, Demonstration, Example, ExampleId
from neufs_tui.engine.announcer import Announcer, Listener
from neufs_tui.engine.demonstrations import demonstrations
from neufs_tui.engine.protocol import EngineConfig, Event

if TYPE_CHECKING:
    from neufs_tui.model.encoding import PromptEncoder


def _nobody(_: Event) -> None:
    """Hears nothing."""


def exact_prompt(
    encoder: PromptEncoder,
    config: EngineConfig,
    decisions: Sequence[Decision],
    example_id: ExampleId,
    text: str,
    *,
    first: int | None = None,
) -> ExactPrompt:
    """What the model reads for an example behind the labels there are, as rereading has it.

    A label of the example itself is left out: nothing would be asked with it in the prompt.

    Args:
        encoder: of the task and the model.
        config: the pool and its task.
        decisions: what holds, in order, as the engine takes it.
        example_id: an example of the pool.
        text: its text.
        first: how many of the labels are taken, from the first on; None takes all.

    Raises:
        ModelError: the prompt does not fit into the context window even without the text.
    """
    examples = {one.id: one for one in (*config.examples, *config.tests)}
    every = demonstrations(decisions, examples, config.task.label_names)
    labels = [pair for pair in every if pair[0] != example_id][:first]
    shown = encoder.fitting([one for _, one in labels])
    ids = [one for one, _ in labels[len(labels) - len(shown) :]]
    return ExactPrompt(
        example_id=example_id,
        parts=encoder.parts(text, shown),
        shown=tuple(zip(ids, (one.answer for one in shown), strict=True)),
        n_labels=len(labels),
        truncated=encoder.prompt(text, shown).truncated,
        candidates=encoder.scored_labels(),
        window=encoder.window,
    )


def read_prompt(
    config: EngineConfig,
    decisions: Sequence[Decision],
    example: Example,
    listener: Listener,
    *,
    first: int | None = None,
) -> ExactPrompt:
    """The same with the model's tokenizer, which is loaded; the listener hears stages.

    Raises:
        ModelError: the model cannot be found, or its chat template not be used.
        UsageError: a label does not survive its tokenizer.
    """
    encoder = load_encoder(config, listener)
    Announcer(listener).notice(encoder.notices(one.text for one in config.examples))
    return exact_prompt(encoder, config, decisions, example.id, example.text, first=first)


def load_encoder(config: EngineConfig, listener: Listener = _nobody) -> PromptEncoder:
    """What encodes a configuration's prompts, with the model's tokenizer and not its weights.

    Args:
        config: task, model and where caches are; its examples do not matter.
        listener: hears stages.

    Raises:
        ModelError: the model cannot be found, or its chat template not be used.
        UsageError: a label does not survive its tokenizer.
    """
    announcer = Announcer(listener)
    announcer.stage("libraries", "starting transformers")
    from neufs_tui.model.encoding import PromptEncoder
    from neufs_tui.model.loading.tokenizer import load_tokenizer

    read = load_tokenizer(config.model, config.cache_dir / "models", announcer)
    return PromptEncoder(read.tokenizer, config.task, context_window=read.context_window)


def templated_prompt(
    config: EngineConfig,
    demonstrations: Sequence[Demonstration],
    listener: Listener = _nobody,
) -> TemplatedPrompt:
    """The prompt of a task behind some demonstrations, with a placeholder where the text goes.

    Args:
        config: task, model and where caches are; its examples do not matter.
        demonstrations: in the order in which they are to be; the first leave where not all fit.
        listener: hears stages.

    Raises:
        ModelError: the model cannot be found, or its chat template not be used.
        UsageError: a label does not survive its tokenizer.
    """
    return templated(load_encoder(config, listener), demonstrations)


def templated(encoder: PromptEncoder, demonstrations: Sequence[Demonstration]) -> TemplatedPrompt:
    """The same with what encodes prompts already."""
    shown = encoder.fitting(demonstrations)
    template = encoder.template(shown)
    literals = template.literals
    names = chain(["{text}"], (f"{{text_{number}}}" for number in count(2)))
    placeholder = next(
        name for name in names if name.join(literals).count(name) == len(literals) - 1
    )
    return TemplatedPrompt(
        text=placeholder.join(literals),
        placeholder=placeholder,
        n_tokens=template.n_tokens,
        demonstrations=shown,
        is_exact=template.is_exact,
    )
