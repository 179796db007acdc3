"""A model's configuration and tokenizer, with its weights or without them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from transformers import AutoConfig, AutoTokenizer, PretrainedConfig, PreTrainedTokenizerBase

from neufs_tui.core.settings import ModelChoice
from neufs_tui.model.loading.checkpoint import has_vocabulary
from neufs_tui.model.loading.failures import told_of
from neufs_tui.model.loading.fingerprint import Digests
from neufs_tui.model.loading.intact import refuse_other_kinds
from neufs_tui.model.loading.libraries import quieten
from neufs_tui.model.loading.listener import LoadListener
from neufs_tui.model.loading.sources import Source, find_source

_TEMPLATE = "chat_template.jinja"


@dataclass(frozen=True, slots=True, eq=False)
class LoadedTokenizer:
    """All of a model that prompts are made with."""

    config: PretrainedConfig
    tokenizer: PreTrainedTokenizerBase

    @property
    def context_window(self) -> int:
        """Positions the model was made for.

        By the configuration, else by the tokenizer, which says 1e30 where it does not know.
        """
        known = getattr(self.config.get_text_config(), "max_position_embeddings", None)
        return int(known or min(self.tokenizer.model_max_length, 1 << 30))


def load_tokenizer(
    choice: ModelChoice, models_dir: Path, listener: LoadListener
) -> LoadedTokenizer:
    """Load a model's tokenizer as `load_model` does, and none of its weights.

    An embedded model or a GGUF file that is used for the first time is fetched or unpacked whole.

    Args:
        choice: which model.
        models_dir: where converted models are kept.
        listener: hears each stage.

    Raises:
        ModelError: the model cannot be found, or its tokenizer not be read.
    """
    quieten()
    digests = Digests(models_dir / "digests.json", listener)
    with told_of("finding", choice.name):
        source = find_source(choice, models_dir, digests, listener)
    return read_tokenizer(choice, source, listener)


def read_tokenizer(choice: ModelChoice, source: Source, listener: LoadListener) -> LoadedTokenizer:
    """Read configuration and tokenizer.

    An adapter that brings a tokenizer or a chat template was trained with them.

    Args:
        choice: which model.
        source: where its files are.
        listener: hears each stage.

    Raises:
        ModelError: they cannot be read, or are of no model that continues text.
    """
    same = {"revision": source.commit, "trust_remote_code": choice.trust_remote_code}
    with reading("the config.json", source):
        config = AutoConfig.from_pretrained(source.location, **same)
        refuse_other_kinds(source.name, config)
    whose, template = source, None
    if source.adapter is not None and has_vocabulary(source.adapter.folder):
        # An adapter's folder does not say of which type the model is
        whose = source.adapter
        same = {"config": config, "trust_remote_code": choice.trust_remote_code}
    elif source.adapter is not None:
        template = source.adapter.folder / _TEMPLATE
    with reading("the tokenizer", whose):
        listener.stage("tokenizer", "reading the tokenizer")
        tokenizer = AutoTokenizer.from_pretrained(whose.location, **same)
        if template is not None and template.is_file():
            tokenizer.chat_template = template.read_text("utf-8")
    return LoadedTokenizer(config, cast(PreTrainedTokenizerBase, tokenizer))


def reading(part: str, source: Source) -> AbstractContextManager[None]:
    """Say which part of a model could not be read, whatever a library raises."""
    doing = f"reading {part} of"
    return told_of(doing, source.name, folder=source.folder, is_on_hub=source.is_on_hub)
