"""The prompt as a file of its own: Python, an Ollama Modelfile, or the string, read again."""

from __future__ import annotations

import runpy
from pathlib import Path

from pydantic import TypeAdapter

from neufs_tui.core.prompts import user_message
from neufs_tui.export.checks.found import PROBE, Found, Shot
from neufs_tui.export.checks.modelfile import read_modelfile
from neufs_tui.export.checks.reading import ChatMessage, Check, messages_found, turns_found
from neufs_tui.export.few_shot_set import FewShotSet


def _python(path: Path, _: FewShotSet) -> Found:
    chat = runpy.run_path(str(path))["messages"](PROBE)
    return messages_found(TypeAdapter(list[ChatMessage]).validate_python(chat), asks=True)


def _prompt(path: Path, few_shot: FewShotSet) -> Found:
    assert few_shot.prompt is not None
    text = path.read_bytes().decode()
    before, placeholder, _ = text.partition(few_shot.prompt.placeholder)
    if not placeholder:
        raise ValueError("its placeholder is not there")
    prefix = few_shot.task.answer_prefix
    shots: list[Shot] = []
    for one in few_shot.demonstrations:
        turn = user_message(few_shot.task, one.text)
        for part in (turn.strip(), prefix + one.answer):  # some templates strip a turn
            _, is_there, before = before.partition(part)
            if not is_there:
                return Found(shots)
        shots.append((turn, prefix + one.answer))
    return Found(shots)


def _ollama(path: Path, _: FewShotSet) -> Found:
    return turns_found(read_modelfile(path.read_bytes().decode()))


CHECKS = {
    "python": Check(_python, reader="Python"),
    "prompt": Check(_prompt),
    "ollama": Check(_ollama, reader="the grammar of Ollama's parser"),
}
"""Name of a format → how it is read again."""
