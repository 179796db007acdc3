"""What a shell completes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.shell_completion import CompletionItem, ShellComplete

from neufs_tui.cli import cli
from tests.cli.conftest import Ran

Run = Callable[..., Ran]


def completed(*words: str) -> list[CompletionItem]:
    """What is offered for the last word."""
    shell = ShellComplete(cli, {}, "neufs-tui", "_NEUFS_TUI_COMPLETE")
    return shell.get_completions([*words[:-1]], words[-1])


def values(*words: str) -> list[str]:
    return [item.value for item in completed(*words)]


def test_commands_options_and_formats_are_completed() -> None:
    assert {"label", "export", "import", "completion"} <= {*values("")}
    assert "--format" in values("export", "pool.jsonl", "--fo")
    assert values("export", "pool.jsonl", "--format", "l") == [
        "langchain",
        "lm-eval",
        "label-studio",
    ]
    assert values("completion", "") == ["bash", "zsh", "fish"]


def test_a_pools_labels_are_completed_with_their_definitions(run: Run, pool: Path) -> None:
    assert values("add", str(pool), "r1", "") == []
    (pool.parent / "neufs.toml").write_text(
        '[[task.labels]]\nname = "yes"\ndefinition = "it is"\n[[task.labels]]\nname = "no"\n'
    )
    found = completed("add", str(pool), "r1", "")
    assert [(one.value, one.help) for one in found] == [("yes", "it is"), ("no", None)]
    run("add", pool, "r1", "yes", "--label", "yes", "--label", "maybe")
    (pool.parent / "neufs.toml").unlink()
    assert values("change", str(pool), "r1", "m") == ["maybe"]
    assert values("label", str(pool), "--label", "") == ["yes", "maybe"]


def test_a_broken_configuration_completes_nothing(pool: Path) -> None:
    (pool.parent / "neufs.toml").write_text("[task\n")
    assert values("add", str(pool), "r1", "") == []


def test_models_are_those_by_a_short_name_those_in_the_hubs_cache_and_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    for name in ("models--Qwen--Qwen3-4B", "models--gpt2", "datasets--imdb"):
        (tmp_path / "hub" / name).mkdir(parents=True)
    assert values("label", "pool.jsonl", "--model", "") == [
        "smollm2-135m",
        "Qwen/Qwen3-4B",
        "gpt2",
        "",
    ]
    found = completed("label", "pool.jsonl", "--model", "Q")
    assert [(one.value, one.type) for one in found] == [("Qwen/Qwen3-4B", "plain"), ("Q", "file")]


@pytest.mark.parametrize(
    "words", [("export", "p"), ("export", "p", "-o", "p"), ("import", "a", "p")]
)
def test_files_are_left_to_the_shell(words: tuple[str, ...]) -> None:
    assert [(one.value, one.type) for one in completed(*words)] == [("p", "file")]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_takes_its_script(run: Run, shell: str) -> None:
    ran = run("completion", shell)
    assert ran.status == 0
    assert "_NEUFS_TUI_COMPLETE" in ran.out
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    checked = subprocess.run([program, "-n"], input=ran.out, capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_bash_completes_what_is_typed(run: Run, tmp_path: Path) -> None:
    script = run("completion", "bash").out
    asked = (
        f"{script}\nCOMP_WORDS=(neufs-tui export pool.jsonl --format lang); COMP_CWORD=4\n"
        '_neufs_tui_completion neufs-tui\necho "${COMPREPLY[*]}"\n'
    )
    # the program as it is installed beside this Python
    places = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    told = subprocess.run(
        ["bash"], input=asked, capture_output=True, text=True, env={**os.environ, "PATH": places}
    )
    assert told.stdout.splitlines()[-1] == "langchain"
