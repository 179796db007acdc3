"""What the documents name is there."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def anchor(heading: str) -> str:
    """A heading's anchor, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_and_headings_that_a_document_names_exist(document: Path) -> None:
    text = document.read_text()
    for named in re.findall(r"`([a-z_]+(?:/[a-z_]+)+\.py)`", text):
        assert (ROOT / "neufs_tui" / named).exists() or (ROOT / named).exists(), named
    for target, _, heading in re.findall(r"\]\((?!https?:)([\w/.]*)(#([\w-]+))?\)", text):
        file = document.parent / target if target else document
        assert file.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.*)$", file.read_text(), re.M)
            assert heading in map(anchor, headings), heading


def test_the_table_of_keys_is_what_the_program_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    pictures = importlib.import_module("pictures")
    made = pictures.keys_table()
    assert (ROOT / "docs" / "keys.md").read_text() == made, "run make pictures"


def test_the_table_of_formats_is_what_was_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    formats = importlib.import_module("formats")
    page = (ROOT / "docs" / "formats.md").read_text()
    assert page == formats.document(page), "run docs/formats.py"


def test_every_picture_is_made_by_the_script_and_named_by_a_document() -> None:
    script = (ROOT / "docs" / "pictures.py").read_text()
    made = set(re.findall(r'(?:press_and_keep|keep)\(pilot, "(\w+)"', script))
    assert made == {one.stem for one in (ROOT / "docs" / "pictures").iterdir()}
    documents = "".join(document.read_text() for document in DOCUMENTS)
    assert {one for one in made if f"pictures/{one}.svg" not in documents} == set()
