"""Hub id, local folder, GGUF file or embedded model → model and tokenizer on a device."""

from __future__ import annotations

import logging
import sys
from contextlib import redirect_stdout
from pathlib import Path

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from neufs_tui.core.settings import ModelChoice
from neufs_tui.errors import ModelError, UsageError
from neufs_tui.model.families.architecture import (
    Architecture,
    UnknownFamily,
    find_architecture,
)
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.loading.adapters import make_ready, with_adapter
from neufs_tui.model.loading.failures import told_of
from neufs_tui.model.loading.fingerprint import Digests, code_files, fingerprint
from neufs_tui.model.loading.intact import (
    embedding_rows,
    refuse_other_tokenizer,
    whole_model,
)
from neufs_tui.model.loading.libraries import quieten
from neufs_tui.model.loading.listener import LoadListener
from neufs_tui.model.loading.plan import plan_reading
from neufs_tui.model.loading.proposals import propose_layout
from neufs_tui.model.loading.sources import find_source
from neufs_tui.model.loading.tokenizer import read_tokenizer, reading
from neufs_tui.model.ways import find_ways
from neufs_tui.storage.file_states import file_states

logger = logging.getLogger(__name__)

_DTYPES = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


def choose_device(asked: str | None) -> str:
    """The device asked for, else CUDA where there is one, else the CPU.

    Raises:
        UsageError: the device asked for does not exist on this machine.
    """
    if asked is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=asked)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise UsageError(
            f"there is no device {asked!r} here: {str(error).splitlines()[0]}",
            hint="leave --device out, or name one such as cpu or cuda:0",
        ) from error
    return asked


def choose_dtype(asked: str | None, device: str) -> str:
    """The dtype asked for, else bfloat16 where the device is fast at it, else float32."""
    if asked is not None:
        if asked not in _DTYPES:
            raise UsageError(
                f"there is no dtype {asked!r}", hint=f"choose one of {', '.join(_DTYPES)}"
            )
        return asked
    if device.startswith("cuda"):
        return "bfloat16"
    capabilities = torch.cpu.get_capabilities()
    fast = capabilities.get("amx_bf16") or capabilities.get("avx512_bf16")
    return "bfloat16" if device == "cpu" and fast else "float32"


def load_model(choice: ModelChoice, models_dir: Path, listener: LoadListener) -> LoadedModel:
    """Load a model, converting a GGUF file once.

    Args:
        choice: which model, and how.
        models_dir: where converted models are kept.
        listener: hears each stage.

    Raises:
        ModelError: the model cannot be found, read or used, or is not whole.
        UsageError: the device or dtype asked for does not exist.
    """
    quieten()
    device = choose_device(choice.device)
    dtype = choose_dtype(choice.dtype, device)
    digests = Digests(models_dir / "digests.json", listener)
    with told_of("finding", choice.name):
        source = find_source(choice, models_dir, digests, listener)
        if source.adapter is not None:
            make_ready(source.adapter)
        before = file_states(source.files)

    read = read_tokenizer(choice, source, listener)
    with reading("the weights", source):
        plan = plan_reading(choice, source, read.config, device, dtype)
        dtype = plan.dtype
        listener.stage("weights", plan.told)
        # Packages greet on the standard output, which is a command's own
        with redirect_stdout(sys.stderr):
            model = whole_model(
                source.name,
                source.location,
                dtype=_DTYPES[dtype],
                device_map=choice.device_map or {"": device},
                revision=source.commit,
                trust_remote_code=choice.trust_remote_code,
                **plan.options,
            )
        plan.settle(model)
        if source.adapter is not None:
            model = with_adapter(model, source.adapter, source.name, listener)
        model.eval()  # type: ignore[no-untyped-call]
        refuse_other_tokenizer(choice.name, model, read.tokenizer)
        now = file_states(source.files)
        if not source.is_on_hub and now != before:
            raise ModelError(
                f"the files of {choice.name} were changed while they were read",
                hint="start again once they are written",
            )
        files = (*now, *sorted(code_files(read.config, read.tokenizer, model)))
        return LoadedModel(
            model=model,
            tokenizer=read.tokenizer,
            architecture=_architecture(model),
            name=choice.name,
            device=str(model.device) if choice.device_map else device,
            dtype=dtype,
            fingerprint=fingerprint(files, dtype, digests),
            files=files,
            context_window=read.context_window,
            pad_id=_pad_id(model, read.tokenizer),
            ways=find_ways(model.config, read.context_window),
            adapter=choice.adapter,
            base=source.name if source.name != choice.name else None,
        )


def _architecture(model: PreTrainedModel) -> Architecture:
    """Its parts, where the table has them, else where they seem to be.

    Raises:
        UnknownFamily: it has none that look like those of other families.
    """
    try:
        return find_architecture(model)
    except UnknownFamily as unknown:
        try:
            return find_architecture(model, propose_layout(model))
        except (ValueError, ModelError) as error:
            logger.info("no FFNs found by their looks: %s", error)
            raise unknown from error


def _pad_id(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> int:
    """The padding or the end-of-text token, if the embedding has a row for it, else the first."""
    known = (tokenizer.pad_token_id, tokenizer.eos_token_id)
    return next((one for one in known if one is not None and one < embedding_rows(model)), 0)
