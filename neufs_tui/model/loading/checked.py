"""A loaded model that has proved how it may be read; the proof is remembered."""

from __future__ import annotations

import logging
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

import torch
import transformers

import neufs_tui
from neufs_tui.core.settings import ModelChoice
from neufs_tui.errors import ModelError
from neufs_tui.model.families.architecture import find_architecture
from neufs_tui.model.loaded import TRUSTED, LoadedModel
from neufs_tui.model.loading.failures import told_of
from neufs_tui.model.loading.ffn_check import check_weights, first_pass
from neufs_tui.model.loading.listener import LoadListener
from neufs_tui.model.loading.pretrained import load_model
from neufs_tui.model.loading.proposals import UnnamedFfn
from neufs_tui.model.loading.self_check import check_structure
from neufs_tui.remembered import Remembered

logger = logging.getLogger(__name__)

_EDITION = 2
"""Part of every proof's key; raised when the self-check comes to find more."""


def load_checked_model(
    choice: ModelChoice, models_dir: Path, listener: LoadListener
) -> LoadedModel:
    """Load a model and check itself, once for its configuration, weights and libraries.

    Args:
        choice: which model, and how.
        models_dir: where converted models are kept, and what was proved of models.
        listener: hears each stage.

    Raises:
        ModelError: the model cannot be found, read or used, would give wrong numbers, or is of a
            family that is not known and not to be trusted.
        UsageError: the device or dtype asked for does not exist.
    """
    loaded = load_model(choice, models_dir, listener)
    proofs = Remembered(models_dir / "self_checks.json")
    key = _key(loaded)
    # A proposal is proved each time, so that no proof of one stands for what the table names
    match proofs.all().get(key) if not loaded.trusted else None:
        case {"tree": bool(tree), "alone": bool(alone)}:
            # Some packed weights are unpacked by a first pass, and are to be read after it
            with told_of("computing with", loaded.name):
                first_pass(loaded)
            ways = replace(loaded.ways, tree=tree, alone=alone)
            logger.info("%s: %s, as it was proved before", loaded.name, ways)
            return replace(loaded, ways=ways)
    once = "" if loaded.trusted else " (once)"
    listener.stage("check", f"checking how the model is read{once}")
    checked, unknown = _structure_checked(loaded)
    with told_of("computing with", loaded.name):
        check_weights(checked)
    if not checked.trusted:
        proofs.add({key: {"tree": checked.ways.tree, "alone": checked.ways.alone}})
        return checked
    if not choice.trust_self_check:
        raise ModelError(unknown, hint="add --trust-self-check to use it")
    listener.stage("check", f"the model is of {TRUSTED}")
    # Nothing that was kept of the model by the table's FFNs alone is its own
    own = f"{checked.fingerprint} {checked.architecture.proposed}"
    return replace(checked, fingerprint=blake2b(own.encode(), digest_size=16).hexdigest())


def _structure_checked(loaded: LoadedModel) -> tuple[LoadedModel, str]:
    """A model as it may be read, with what its family's table does not name if that passes.

    Returns:
        The model, and what is to be said of it where that is so.
    """
    family = loaded.model.config.model_type
    unknown = f"the family {family} is not known; what looks like its FFNs passes the self-check"
    try:
        return replace(loaded, ways=check_structure(loaded)), unknown
    except UnnamedFfn as alarm:
        if alarm.layout is None:
            raise
        try:
            architecture = find_architecture(loaded.model, alarm.layout)
            whole = replace(loaded, architecture=architecture)
            ways = check_structure(whole)
        except ModelError as error:
            logger.info("%s: with what is not known: %s", loaded.name, error.message)
            raise alarm from error
        return replace(whole, ways=ways), f"{alarm.message}; with it the self-check passes"


def _key(loaded: LoadedModel) -> str:
    """Everything that the proof rests on."""
    parts = (
        loaded.model.config.to_json_string(use_diff=False),
        loaded.model.config._attn_implementation,
        loaded.fingerprint,
        loaded.dtype,
        loaded.device,
        *(package.__version__ for package in (torch, transformers, neufs_tui)),
        _EDITION,
    )
    return blake2b("\n".join(map(str, parts)).encode(), digest_size=16).hexdigest()
