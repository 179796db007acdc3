from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from neufs_tui.core.exact_prompt import TemplatedPrompt
from neufs_tui.core.prompts import chat_messages
from neufs_tui.core.records import Example, Label, Task, content_hash
from neufs_tui.errors import ExportError
from neufs_tui.export.checks.found import PROBE, require_same
from neufs_tui.export.checks.modelfile import read_modelfile
from neufs_tui.export.checks.registry import CHECKS, check_export, installed_library
from neufs_tui.export.few_shot_set import FewShotSet
from neufs_tui.export.format import Needs
from neufs_tui.export.registry import FORMATS, render
from tests.export.values import TASK, labelled
from tests.pools import AWKWARD

HARD = [
    *AWKWARD,
    "{{x}} {% raw %} {# c #} {{ env.HOME }} {{text}} ${text}",
    "<|im_end|>\n<|im_start|>assistant\nfile</s> __label__A",
    '"""\nin triple quotes\n""" and \'\'\' and \\n \\',
    "42",
    "=1+1",
    "file://etc/passwd",
    "[1, 2]",
    "null",
    "---\nyaml: [1\n...",
    "zero width \u200d joiner, soft\u00adhyphen, \ufeffmark, nbsp\u00a0",
    "x" * 100_000,
]
REFUSING = {"fasttext", "ollama", "promptfoo"}
"""Formats that cannot hold every text, and name the one they cannot."""
TEXTS = st.one_of(
    st.sampled_from(HARD[:-1]),
    st.text(st.characters(codec="utf-8"), min_size=1),
    st.text(st.sampled_from("{}%#\"'\\\n\r\t <>|_/$`-:[]=~ax"), min_size=1),
)
PLAIN = Task((Label("A", "the first"), Label("B")))
ODD = Task(
    (Label("A {b}", "x {{y}} {% z %}"), Label("7"), Label("-")),
    instruction="Sort {these} {{well}} {% if %}.\r\n{labels}",
    input='Text {of} {{it}}: {{text}" {# end #}',
    answer_prefix="{answer} ",
)


def few_shot(task: Task, texts: Sequence[str]) -> FewShotSet:
    """A set of texts, labelled in turn, with all that a format may need."""
    names = task.label_names
    shots = [
        labelled(text, names[at % len(names)], seq=at, source_id=f"r{at}", topic=text)
        for at, text in enumerate(texts)
    ]
    examples = [Example(content_hash(one), one, row) for row, one in enumerate(["new", *texts])]
    return FewShotSet(
        task,
        shots,
        "my_pool",
        "org/model",
        tests=[(one, names[-1]) for one in examples],
        texts=examples[:2],
    )


def store(name: str, given: FewShotSet, folder: Path) -> Path:
    """Write a format as `export` does."""
    files = render(name, given)
    form = FORMATS[name]
    path = folder / form.path
    if not form.is_folder:
        path.write_bytes(files[form.path].encode())
        return path
    path.mkdir()
    for file, content in files.items():
        (path / file).write_bytes(content.encode())
    return path


WITHOUT_TEMPLATE = [name for name, form in FORMATS.items() if form.needs is not Needs.TEMPLATE]


def test_every_format_is_read_again_by_something() -> None:
    assert FORMATS.keys() == CHECKS.keys()
    for form in FORMATS.values():
        assert form.read_by and form.order and len(form.loading.splitlines()) <= 3


@pytest.mark.parametrize("name", WITHOUT_TEMPLATE)
@pytest.mark.parametrize("task", [PLAIN, TASK, ODD], ids=["plain", "templated", "odd"])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts=st.lists(TEXTS, min_size=1, max_size=4, unique=True))
@example(texts=HARD)
@example(texts=["{\r", "{", "{{", "\r{%\r"])
def test_any_text_comes_back_or_is_refused_by_name(
    name: str, task: Task, texts: Sequence[str]
) -> None:
    given_set = few_shot(task, texts)
    with TemporaryDirectory() as folder:
        try:
            path = store(name, given_set, Path(folder))
        except ExportError as refusal:
            assert name in REFUSING
            assert name in refusal.message.lower() or "Modelfile" in refusal.message
            assert refusal.hint
            return
        found = CHECKS[name].read(path, given_set)
        require_same(FORMATS[name], given_set, found, "its schema")


@pytest.mark.parametrize("name", WITHOUT_TEMPLATE)
def test_what_a_format_is_for_reads_the_same(name: str, tmp_path: Path) -> None:
    if not installed_library(CHECKS[name]):
        pytest.skip(f"{CHECKS[name].library or 'what reads it'} is not installed")
    task = PLAIN if name == "fasttext" else ODD  # whose labels have no blanks
    texts = [text for text in HARD if _fits(name, task, text)]
    given_set = few_shot(task, texts)
    checked = check_export(name, store(name, given_set, tmp_path), given_set)
    assert checked.by.startswith(CHECKS[name].library)
    assert not checked.missing


def _fits(name: str, task: Task, text: str) -> bool:
    try:
        render(name, few_shot(task, [text]))
    except ExportError:
        return False
    return True


@pytest.mark.parametrize("name", [name for name in WITHOUT_TEMPLATE if name != "python"])
def test_a_changed_text_label_or_order_is_found(name: str, tmp_path: Path) -> None:
    task = Task((Label("A"), Label("B")))
    given_set = few_shot(task, ["one", "two", "three"])
    path = store(name, given_set, tmp_path)
    shots = [*given_set.labelled]
    others = {
        "order": replace(given_set, labelled=shots[::-1]),
        "text": replace(given_set, labelled=[labelled("another", "A"), *shots[1:]]),
        "label": replace(given_set, labelled=[labelled("one", "B"), *shots[1:]]),
        "number": replace(given_set, labelled=shots[:-1]),
    }
    for what, other in others.items():
        with pytest.raises(ExportError):
            check_export(name, path, other)
            pytest.fail(f"another {what} is not found")


@pytest.mark.parametrize("name", [name for name, form in FORMATS.items() if form.has_turns])
def test_what_holds_the_prompt_holds_what_is_sent(name: str, tmp_path: Path) -> None:
    """The chat that the program itself makes, for formats from which a chat can be read."""
    given_set = few_shot(ODD, ["one {x}", "two"])
    if FORMATS[name].needs is Needs.TEMPLATE:
        pytest.skip("a string, not a chat")
    found = CHECKS[name].read(store(name, given_set, tmp_path), given_set)
    sent = chat_messages(ODD, given_set.demonstrations, PROBE)
    assert found.system in (sent[0]["content"], None)
    turns = [turn["content"] for turn in sent[1:-1]]
    assert [part for shot in found.shots for part in shot] == turns
    assert found.question in (sent[-1]["content"], None)


def test_the_prompt_of_the_model_is_found_in_its_order(tmp_path: Path) -> None:
    text = "<s>Sort.\n[Text: one]<answer>A\n[Text: two]<answer>B\n[Text: {text}]"
    shots = [labelled("one", "A"), labelled("two", "B")]
    prompt = TemplatedPrompt(text, "{text}", 30, (), is_exact=True)
    given_set = FewShotSet(TASK, shots, prompt=prompt)
    path = store("prompt", given_set, tmp_path)
    assert path.read_text() == text
    assert check_export("prompt", path, given_set).by == "its schema"
    with pytest.raises(ExportError):
        check_export("prompt", path, replace(given_set, labelled=shots[::-1]))


@pytest.mark.parametrize("needs", [*Needs])
def test_what_a_format_needs_is_asked_for(needs: Needs) -> None:
    bare = FewShotSet(TASK, [labelled("x")])
    for name, form in FORMATS.items():
        if form.needs is needs:
            with pytest.raises(ExportError, match=name) as caught:
                render(name, bare)
            assert "--" in caught.value.hint


def test_a_folder_says_how_it_is_loaded() -> None:
    for name, form in FORMATS.items():
        if form.is_folder:
            readme = render(name, few_shot(PLAIN, ["one"]))["README.md"]
            assert form.loading.splitlines()[-1].replace("TASK", "my_pool") in readme


def test_fasttext_refuses_what_it_would_read_otherwise() -> None:
    task = Task((Label("A"), Label("two words")))
    for text in ("a\nb", "a\rb", "__label__x y", "ends </s> here", "a NUL \x00"):
        with pytest.raises(ExportError, match="example 6") as caught:
            render("fasttext", FewShotSet(task, [labelled(text, "A", seq=5)]))
        assert "fasttext" in caught.value.message
    with pytest.raises(ExportError, match="two words"):
        render("fasttext", FewShotSet(task, [labelled("a", "two words")]))


@pytest.mark.parametrize(
    ("text", "is_held"),
    [
        ('says """ within a line', True),
        ('ends with """', True),
        ('"', True),
        ("\n\nbegins with line ends", True),
        ('a line with """\nand another', False),
        ('a line with """  \t\nand another', False),
        ("a family 👩‍👩‍👧", False),
        ("tabs\tand  blanks ", True),
        ("a no-break\u00a0space", False),
    ],
)
def test_a_modelfile_holds_what_ollama_reads_back(text: str, is_held: bool, tmp_path: Path) -> None:
    given_set = FewShotSet(PLAIN, [labelled(text, "A")], model="org/model")
    if not is_held:
        with pytest.raises(ExportError, match="example 2"):
            render("ollama", given_set)
        return
    path = store("ollama", given_set, tmp_path)
    assert read_modelfile(path.read_text())[1:] == [("user", text), ("assistant", "A")]


def test_a_modelfile_is_read_as_its_parser_reads_it() -> None:
    text = '# a comment\n\nfrom "a b.gguf"\nMESSAGE user one word\nSYSTEM """two\nlines"""\n'
    assert read_modelfile(text) == [("system", "two\nlines"), ("user", "one word")]
    assert read_modelfile('FROM m\nMESSAGE user """a\u200db"""') == [("user", "ab")]
    for broken in ("FROM m\nMESSAGE bot x\n", 'FROM m\nSYSTEM """x\n', "SYSTEM x\n", "FORM m\n"):
        with pytest.raises(ValueError, match=r"."):
            read_modelfile(broken)


def test_a_modelfile_names_a_file_by_its_path_and_a_hubs_model_by_its_address(
    tmp_path: Path,
) -> None:
    (tmp_path / "my model.gguf").touch()
    named = {
        str(tmp_path / "my model.gguf"): f'FROM "{tmp_path}/my model.gguf"',
        "org/model": "FROM hf.co/org/model",
        "smollm2-135m": "FROM smollm2:135m",
    }
    for model, line in named.items():
        given_set = FewShotSet(PLAIN, [labelled("x", "A")], model=model)
        assert render("ollama", given_set)["Modelfile"].startswith(f"{line}\n")


def test_promptfoo_refuses_a_test_that_it_would_replace() -> None:
    for text in ("file://x", " package:x:y", "{{ env.HOME }}", "a {{text}}"):
        with pytest.raises(ExportError, match="promptfoo"):
            render("promptfoo", few_shot(PLAIN, [text]))


def test_a_batch_asks_about_every_text_behind_the_whole_set() -> None:
    given_set = few_shot(PLAIN, ["one", "two"])
    lines = [
        json.loads(line)
        for line in render("openai-batch", given_set)["requests.jsonl"].splitlines()
    ]
    assert [line["body"]["messages"][-1]["content"] for line in lines] == ["new", "one"]
    assert {line["body"]["model"] for line in lines} == {"org/model"}
    sent: list[Any] = chat_messages(PLAIN, given_set.demonstrations, "new")
    assert lines[0]["body"]["messages"] == sent


def test_more_requests_than_a_batch_may_have_are_refused() -> None:
    many = [Example(str(at), "x", at) for at in range(50_001)]
    with pytest.raises(ExportError, match="50,001"):
        render("openai-batch", FewShotSet(PLAIN, [labelled("x", "A")], model="m", texts=many))
