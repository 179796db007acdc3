"""Writes every export format, reads it with what it is for, and tells so in docs/formats.md.

    python docs/formats.py

Of a library that is not installed the table keeps the version that read the format last.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from neufs_tui.core.exact_prompt import TemplatedPrompt
from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.records import Answer, Example, Label, Task, content_hash
from neufs_tui.export.checks.registry import check_export
from neufs_tui.export.few_shot_set import FewShotSet
from neufs_tui.export.format import Shape
from neufs_tui.export.registry import FORMATS, of_shape, render

DOCS = Path(__file__).parent
SAMPLE = DOCS.parent / "sample_data" / "test.jsonl"
N_SHOTS = 16
_TITLES = {
    Shape.PROMPT: "One prompt, with all examples in front of what is asked",
    Shape.ROWS: "One row an example",
}
_HEAD = """# Formats

Made by `docs/formats.py`, which writes the first 16 texts of `sample_data/test.jsonl` in each
format and reads them again: texts, labels and order were the same. Where a format has a library,
that read them, in the version named; where it has none, its schema did
(`neufs_tui/export/checks/`). `export --check` does the same with your own set.

Which of the two do you want? A **prompt** shows the model all examples in front of each question,
and their order matters. **Rows** are single examples: to train on, to measure with, to go on
labelling elsewhere.

Texts stay as they are: braces, quotes, line ends, emoji, `{{x}}`, `{% raw %}`, control tokens,
100 kB. What a format cannot hold it names, and nothing is written: line breaks and blanks in
labels (`fasttext`), lines that end with three quotes and characters that Ollama leaves out
(`ollama`), texts that look like a place or a variable of its own (`promptfoo`, in the test), what
the tokenizer would take for a control token (`prompt`).

Beside each goes a manifest; a folder has a `README.md` that says how it is loaded. Several
formats at once go into a folder: `neufs-tui export pool.jsonl -f chat -f hf --check -o sets`. On
the screen, `x` shows how each will look and writes it.
"""
_ROW = re.compile(r"^\| `([\w-]+)` \|.*\| ([^|]+) \| \d+ \|", re.M)


def sample_set() -> FewShotSet:
    """The first texts of the sample's test file with their gold labels, the rest as the test."""
    rows = [json.loads(line) for line in SAMPLE.read_text().splitlines()]
    examples = [
        (Example(content_hash(row["text"]), row["text"], at, row["id"]), row["label"])
        for at, row in enumerate(rows)
    ]
    task = Task((Label("reply", "waits for an answer"), Label("file", "waits for nothing")))
    shots = [
        LabelledExample(one, Answer(label), at + 1)
        for at, (one, label) in enumerate(examples[:N_SHOTS])
    ]
    chat = "".join(f"{one.text}\n{one.answer}\n" for one in FewShotSet(task, shots).demonstrations)
    template = TemplatedPrompt(f"{chat}{{text}}\n", "{text}", 0, (), is_exact=True)
    rest = examples[N_SHOTS:]
    texts = [one for one, _ in rest]
    return FewShotSet(task, shots, "sample", "smollm2-135m", rest, texts, template)


def read_by(name: str, few_shot: FewShotSet, folder: Path, recorded: Mapping[str, str]) -> str:
    """What read a format, with its version."""
    form, files = FORMATS[name], render(name, few_shot)
    path = folder / form.path
    if form.is_folder:
        path.mkdir()
        for file, content in files.items():
            (path / file).write_bytes(content.encode())
    else:
        path.write_bytes(files[form.path].encode())
    checked = check_export(name, path, few_shot)
    return recorded.get(name, checked.by) if checked.missing else checked.by


def document(recorded: str = "") -> str:
    """The page.

    Args:
        recorded: as it is, for libraries that are not installed.
    """
    known = dict(_ROW.findall(recorded))
    few_shot = sample_set()
    parts = [_HEAD]
    with TemporaryDirectory() as folder:
        for shape, title in _TITLES.items():
            parts.append(
                f"\n## {title}\n\n"
                "| `--format` | who reads it | read again by | rows | order | written as |\n"
                "|---|---|---|---|---|---|\n"
            )
            for name, form in of_shape(shape).items():
                path = f"{form.path}/" if form.is_folder else form.path
                by = read_by(name, few_shot, Path(folder), known)
                parts.append(
                    f"| `{name}` | {form.read_by} | {by} | {N_SHOTS} | {form.order} | `{path}` |\n"
                )
    parts.append(
        "\n## Loading\n\nFrom the folder in which a file lies, or from the folder itself.\n"
    )
    for name, form in FORMATS.items():
        needs = f" It holds {form.needs} too." if form.needs is not None else ""
        also = " Texts with gold labels are its split `test`." if name == "hf" else needs
        parts.append(f"\n`{name}`:{also}\n\n```\n{form.loading}\n```\n")
    return "".join(parts)


def main() -> None:
    """Write the page."""
    page = DOCS / "formats.md"
    page.write_text(document(page.read_text() if page.exists() else ""), encoding="utf-8")


if __name__ == "__main__":
    main()
