"""The prompt as a file of its own: Python, an Ollama Modelfile, or the string the model reads."""

from __future__ import annotations

import re
from pathlib import Path
from unicodedata import category

from neufs_tui.core.prompts import system_message
from neufs_tui.core.text import plural
from neufs_tui.errors import ExportError
from neufs_tui.export.few_shot_set import FewShotSet
from neufs_tui.export.format import KEPT, Format, Needs, Shape
from neufs_tui.export.formats.turns import prefix_messages

_OLLAMA_NAMES = {"smollm2-135m": "smollm2:135m"}
"""What Ollama's library calls the models that have a name here."""
_ENDS_VALUE = re.compile(r'"""\s*[\r\n]')
"""Where Ollama's parser takes a value in triple quotes for ended."""


def python_file(few_shot: FewShotSet) -> str:
    """A module that needs nothing, whose `messages(text)` is the chat that is sent."""
    shots = [
        (one.text, few_shot.task.answer_prefix + one.answer) for one in few_shot.demonstrations
    ]
    lines = "".join(f"    ({text!r}, {answer!r}),\n" for text, answer in shots)
    return (
        f'"""{plural(len(shots), "example")} for the prompt of {few_shot.name}."""\n\n'
        f"SYSTEM = {system_message(few_shot.task)!r}\n"
        f"INPUT = {few_shot.task.input!r}\n"
        f"SHOTS = [\n{lines}]\n\n\n"
        "def messages(text):\n"
        '    """The chat up to the point where a model answers for a text."""\n'
        '    chat = [{"role": "system", "content": SYSTEM}] if SYSTEM else []\n'
        "    for shown, answer in SHOTS:\n"
        '        chat.append({"role": "user", "content": INPUT.replace("{text}", shown)})\n'
        '        chat.append({"role": "assistant", "content": answer})\n'
        '    chat.append({"role": "user", "content": INPUT.replace("{text}", text)})\n'
        "    return chat\n"
    )


def modelfile(few_shot: FewShotSet) -> str:
    """An Ollama Modelfile: a model, and the turns that every chat with it begins with.

    Raises:
        ExportError: Ollama's parser would read a text otherwise than it was written.
    """
    lines = [f"FROM {_ollama_model(few_shot.model)}"]
    if system := system_message(few_shot.task):
        lines.append(f"SYSTEM {_quoted(system, 'the instruction')}")
    numbers = (one.example.number for one in few_shot.labelled for _ in range(2))
    for turn in prefix_messages(few_shot):
        if turn["role"] != "system":
            what = f"the text or label of example {next(numbers):,}"
            lines.append(f"MESSAGE {turn['role']} {_quoted(turn['content'], what)}")
    return "\n".join(lines) + "\n"


def templated_prompt(few_shot: FewShotSet) -> str:
    """The prompt as one string, with a placeholder where a text goes."""
    assert few_shot.prompt is not None
    return few_shot.prompt.text


def is_dropped(character: str) -> bool:
    """Whether Ollama's parser leaves a character out: what Go does not count as printable.

    Printable are letters, marks, numbers, punctuation, symbols and the ASCII space; line ends and
    tabs within quotes are kept.
    """
    return character not in " \t\r\n" and category(character)[0] in "CZ"


def _quoted(text: str, what: str) -> str:
    dropped = next((one for one in text if is_dropped(one)), None)
    if dropped is not None:
        raise ExportError(
            f"a Modelfile cannot hold {what}: Ollama leaves out U+{ord(dropped):04X}",
            hint="choose another format, or leave the example out by flagging it",
        )
    if _ENDS_VALUE.search(text):
        raise ExportError(
            f'a Modelfile cannot hold {what}: a line of it ends with """',
            hint="choose another format, or leave the example out by flagging it",
        )
    return f'"""{text}"""'


def _ollama_model(name: str) -> str:
    """What FROM says: a file or folder by its path, a hub's model by its address."""
    if name in _OLLAMA_NAMES:
        return _OLLAMA_NAMES[name]
    if Path(name).exists():
        return f'"{Path(name).resolve()}"'
    return f"hf.co/{name}" if name else "MODEL"


FORMATS = {
    "python": Format(
        Shape.PROMPT,
        "your own code, without any package",
        KEPT,
        "few_shot.py",
        python_file,
        "from few_shot import messages\nmessages(text)",
        has_turns=True,
    ),
    "prompt": Format(
        Shape.PROMPT,
        "completion APIs of this very model",
        KEPT,
        "prompt.txt",
        templated_prompt,
        'prompt = open("prompt.txt", newline="").read().replace("{text}", text)\n'
        "# tokenize it without adding special tokens",
        has_turns=True,
        needs=Needs.TEMPLATE,
        names_model=True,
    ),
    "ollama": Format(
        Shape.PROMPT,
        "Ollama",
        KEPT,
        "Modelfile",
        modelfile,
        "ollama create few_shot -f Modelfile\nollama run few_shot",
        has_turns=True,
        names_model=True,
    ),
}
"""Name → format."""
