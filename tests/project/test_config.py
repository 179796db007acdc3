from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from neufs_tui.core.records import Label, Task
from neufs_tui.core.settings import ModelChoice, SelectionSettings
from neufs_tui.errors import UsageError
from neufs_tui.project.config import Config, Overrides, load_config
from neufs_tui.storage.paths import user_config_path

PROJECT = """
[task]
kind = "classify"
instruction = "Sort it."
input = "Text: {text}"
answer_prefix = "<answer>"
[[task.labels]]
name = "A"
definition = "the first"
[[task.labels]]
name = "B"
[model]
name = "project-model"
device = "cpu"
[selection]
shots = 10
[pool]
text_field = "body"
encoding = "cp1252"
"""


def loaded(
    tmp_path: Path,
    project: str = "",
    *,
    user: str = "",
    environ: dict[str, str] | None = None,
    **flags: Any,
) -> Config:
    (tmp_path / "neufs.toml").write_text(project)
    user_config_path().parent.mkdir(parents=True, exist_ok=True)
    user_config_path().write_text(user)
    overrides = Overrides(**flags)
    return load_config(str(tmp_path / "pool.jsonl"), overrides, environ=environ or {})


def test_without_anything_said_the_defaults_hold(tmp_path: Path) -> None:
    config = load_config(str(tmp_path / "pool.jsonl"), Overrides(), environ={})
    assert config.task is None
    assert config.model == ModelChoice()
    assert config.selection == SelectionSettings()
    assert (config.text_field, config.encoding) == (None, None)
    assert set(config.origins.values()) == {"default"}


def test_the_project_file_says_everything(tmp_path: Path) -> None:
    config = loaded(tmp_path, PROJECT)
    assert config.task == Task(
        labels=(Label("A", "the first"), Label("B")),
        instruction="Sort it.",
        input="Text: {text}",
        answer_prefix="<answer>",
    )
    assert config.model == ModelChoice("project-model", device="cpu")
    assert config.selection.shots == 10
    assert (config.text_field, config.encoding) == ("body", "cp1252")


def test_labels_may_be_plain_names(tmp_path: Path) -> None:
    task = loaded(tmp_path, '[task]\nlabels = ["A, or so", "B"]').task
    assert task is not None
    assert task.labels == (Label("A, or so"), Label("B"))


def test_flags_win_over_environment_over_project_over_user_over_defaults(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        "[model]\nname = 'project'\ndevice = 'project'\n[selection]\nshots = 3\ntau = 1",
        user="[model]\nname = 'user'\ndtype = 'float16'\n[selection]\nseed = 4\nshots = 2",
        environ={
            "NEUFS_MODEL": "env",
            "NEUFS_DEVICE": "env",
            "NEUFS_TAU": "0.25",
            "NEUFS_STRATEGY": "entropy",
            "NEUFS_CHECK": "12",
            "NEUFS_CALIBRATION": "off",
            "NEUFS_BALANCE": "off",
        },
        model="flag",
        tau=0.75,
    )
    assert config.model == ModelChoice("flag", device="env", dtype="float16")
    assert config.selection == SelectionSettings(
        shots=3, tau=0.75, seed=4, strategy="entropy", check=12, calibration=False, balance=False
    )
    said = {key: origin for key, origin in config.origins.items() if origin != "default"}
    assert said == {
        "model.name": "--model",
        "model.device": "NEUFS_DEVICE",
        "model.dtype": "config.toml",
        "selection.shots": "neufs.toml",
        "selection.tau": "--tau",
        "selection.seed": "config.toml",
        "selection.strategy": "NEUFS_STRATEGY",
        "selection.check": "NEUFS_CHECK",
        "selection.calibration": "NEUFS_CALIBRATION",
        "selection.balance": "NEUFS_BALANCE",
    }


def test_each_commands_keys_come_from_the_project_or_else_from_the_user(tmp_path: Path) -> None:
    config = loaded(
        tmp_path, '[keys]\nundo = "u,b"', user='[keys]\nundo = "x"\nskip = "enter"\nhunt = ""'
    )
    assert config.keys == {"undo": "u,b", "skip": "enter", "hunt": ""}
    assert config.origins["keys.undo"] == "neufs.toml"
    assert config.origins["keys.skip"] == "config.toml"
    assert loaded(tmp_path, PROJECT).keys == {}


def test_a_strategy_is_one_there_is_wherever_it_is_named(tmp_path: Path) -> None:
    assert loaded(tmp_path, "[selection]\nstrategy = 'neufs-batch'").selection == SelectionSettings(
        strategy="neufs-batch"
    )
    with pytest.raises(UsageError, match=r"selection\.strategy: there is no strategy 'x': "):
        loaded(tmp_path, "[selection]\nstrategy = 'x'")
    with pytest.raises(UsageError, match="NEUFS_STRATEGY: there is no strategy 'x': the strategi"):
        loaded(tmp_path, environ={"NEUFS_STRATEGY": "x"})


@pytest.mark.parametrize(
    ("flag", "variable", "encoding"),
    [("utf-16", "latin-1", "utf-16"), (None, "latin-1", "latin-1"), (None, "", "cp1252")],
)
def test_the_encoding_comes_from_flag_variable_or_file(
    tmp_path: Path, flag: str | None, variable: str, encoding: str
) -> None:
    environ = {"NEUFS_ENCODING": variable}
    assert loaded(tmp_path, PROJECT, environ=environ, encoding=flag).encoding == encoding


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (("Anger", "joy", "anger"), "the labels 'Anger' and 'anger' differ only in Unicode form"),
        (("anger", "anger "), "the labels 'anger' and 'anger ' differ"),
        (("caf\u00e9", "cafe\u0301"), r"the labels 'caf\\xe9' and 'cafe\\u0301' differ"),
        (("Caf\u00c9", " cafe\u0301"), "case or blanks around them"),
    ],
)
def test_labels_that_are_one_name_for_a_reader_are_refused(
    tmp_path: Path, labels: tuple[str, ...], message: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        loaded(tmp_path, labels=labels)
    assert caught.value.message.startswith("--label: ")
    with pytest.raises(UsageError, match=message):
        loaded(tmp_path, f"[task]\nlabels = {[*labels]}".replace("'", '"'))


def test_a_label_named_by_a_flag_keeps_its_definition(tmp_path: Path) -> None:
    config = loaded(tmp_path, PROJECT, labels=("C", "A"))
    assert config.task is not None
    assert config.task.labels == (Label("C"), Label("A", "the first"))
    assert config.task.instruction == "Sort it."
    assert config.origins["task.labels"] == "--label"


@pytest.mark.parametrize("name", ["trust_remote_code", "trust_self_check"])
def test_only_the_flag_says_what_is_trusted(name: str, tmp_path: Path) -> None:
    config = loaded(tmp_path, **{name: True})
    assert getattr(config.model, name)
    assert config.origins[f"model.{name}"] == f"--{name.replace('_', '-')}"
    with pytest.raises(UsageError, match=rf"model\.{name}: there is no such key"):
        loaded(tmp_path, f"[model]\n{name} = true")


@pytest.mark.parametrize(
    ("said", "name", "adapter"),
    [
        ({"adapter": "mine"}, "project-model", "mine"),
        ({"model": "other", "adapter": "mine"}, "other", "mine"),
        ({"environ": {"NEUFS_ADAPTER": "mine"}}, "project-model", "mine"),
        ({"environ": {"NEUFS_ADAPTER": "mine"}, "adapter": "none"}, "project-model", "none"),
        ({"environ": {"NEUFS_ADAPTER": "mine"}, "model": "other"}, "other", "mine"),
        ({"remembered": ("project-model", "mine")}, "project-model", "mine"),
        ({"remembered": ("old-model", "mine")}, "project-model", None),
        ({"remembered": ("project-model", "mine"), "model": "other"}, "other", None),
        ({"remembered": ("old-model", "mine"), "model": "old-model"}, "old-model", "mine"),
    ],
)
def test_an_adapter_stays_with_the_model_that_it_was_said_with(
    said: dict[str, Any], name: str, adapter: str | None, tmp_path: Path
) -> None:
    (tmp_path / "neufs.toml").write_text(PROJECT)
    model, put_on = said.pop("remembered", (None, None))
    remembered = {"model.name": model, "model.adapter": put_on} if model else None
    environ = said.pop("environ", {})
    source = str(tmp_path / "pool.jsonl")
    config = load_config(source, Overrides(**said), remembered=remembered, environ=environ)
    assert (config.model.name, config.model.adapter) == (name, adapter)


def test_an_adapter_in_the_file_is_not_put_on_the_model_of_a_flag(tmp_path: Path) -> None:
    file = '[model]\nname = "base"\nadapter = "mine"'
    assert loaded(tmp_path, file).model.adapter == "mine"
    assert loaded(tmp_path, file, model="other").model.adapter is None
    assert loaded(tmp_path, '[model]\nadapter = "mine"', model="other").model.adapter == "mine"
    with pytest.raises(UsageError, match=r"model\.adapter"):
        loaded(tmp_path, '[model]\nadapter = ""')


def test_an_empty_variable_counts_as_unset(tmp_path: Path) -> None:
    config = loaded(tmp_path, environ={"NEUFS_MODEL": "", "NEUFS_SHOTS": ""})
    assert config.model.name == "smollm2-135m"
    assert set(config.origins.values()) == {"default"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[selection]\ntau = 1.5", r"selection\.tau: .* 1, not 1\.5"),
        ("[selection]\ntau = nan", r"selection\.tau: .*not nan"),
        ("[selection]\nshots = 0", r"selection\.shots: .* 1, not 0"),
        ('[selection]\nshots = "10"', r"selection\.shots: .* integer, not '10'"),
        ("[selection]\nshots = true", r"selection\.shots: .*not True"),
        ("[selection]\nshot = 1", r"selection\.shot: there is no such key"),
        ("[selections]", r"selections: there is no such key"),
        ('[task]\nkind = "poem"', r"task\.kind: .*not 'poem'"),
        ('[task]\ninput = "no place"', r"task\.input: it must contain \{text\}"),
        ('[task]\nlabels = ["A", "A"]', r"task\.labels: the label 'A' is there twice"),
        ('[task]\nlabels = ["A", " "]', r"task\.labels: a label has no name"),
        ('[task]\nlabels = [{definition = "x"}]', r"task\.labels\[0\]\.name: field required"),
        ('[model]\ndtype = "int8"', r"model\.dtype: .*not 'int8'"),
        ("[keys]\nundo = 1", r"keys\.undo: .*string, not 1"),
        ('[keys]\nundo = ["u"]', r"keys\.undo: .*string"),
        ("keys = 1", r"keys: .*dictionary, not 1"),
        ("[task", r"is not TOML: "),
    ],
)
def test_a_wrong_file_is_refused_with_file_key_and_reason(
    tmp_path: Path, content: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        loaded(tmp_path, content)
    assert str(tmp_path / "neufs.toml") in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("NEUFS_TAU", "half"),
        ("NEUFS_TAU", "2"),
        ("NEUFS_SHOTS", "many"),
        ("NEUFS_SHOTS", "0"),
        ("NEUFS_SEED", "-1"),
        ("NEUFS_DTYPE", "int8"),
        ("NEUFS_ENCODING", "base64"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, variable: str, value: str) -> None:
    with pytest.raises(UsageError, match=variable):
        loaded(tmp_path, environ={variable: value})


@pytest.mark.parametrize(
    ("flags", "flag"),
    [
        ({"tau": -0.1}, "--tau"),
        ({"shots": 0}, "--shots"),
        ({"dtype": "int8"}, "--dtype"),
        ({"text_field": ""}, "--text-field"),
        ({"encoding": "no-such"}, "--encoding"),
        ({"labels": ("A", "A")}, "--label"),
        ({"labels": ("A", "")}, "--label"),
        ({"labels": ("A", "\udcff")}, "--label"),
    ],
)
def test_a_wrong_flag_is_named(tmp_path: Path, flags: dict[str, Any], flag: str) -> None:
    with pytest.raises(UsageError, match=f"^{flag}: "):
        loaded(tmp_path, **flags)


def test_for_standard_input_the_file_of_the_current_folder_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "neufs.toml").write_text(PROJECT)
    monkeypatch.chdir(tmp_path)
    assert load_config("-", Overrides(), environ={}).model.name == "project-model"


def test_the_project_file_wins_over_the_session_and_that_over_the_users_file(
    tmp_path: Path,
) -> None:
    (tmp_path / "neufs.toml").write_text('[task]\ninstruction = "New."\nlabels = ["A"]\n')
    user_config_path().parent.mkdir(parents=True, exist_ok=True)
    user_config_path().write_text('[task]\ninput = "User: {text}"\nanswer_prefix = "<user>"\n')
    remembered = {
        "task.labels": (Label("A", "as it was"), Label("B")),
        "task.instruction": "Old.",
        "task.input": "Session: {text}",
    }
    source = str(tmp_path / "pool.jsonl")
    config = load_config(source, Overrides(), remembered=remembered, environ={})
    assert config.task == Task((Label("A"),), "New.", "Session: {text}", "<user>")
    assert config.origins["task.instruction"] == "neufs.toml"
    assert config.origins["task.input"] == "session"


def test_guidelines_are_a_text_or_a_markdown_file_beside_the_file_that_names_it(
    tmp_path: Path,
) -> None:
    pool, toml = tmp_path / "pool.jsonl", tmp_path / "neufs.toml"
    assert load_config(str(pool), Overrides()).guidelines == ""
    toml.write_text('[task]\nguidelines = """\n# Rules\n\nsee rules.md"""\n')
    assert load_config(str(pool), Overrides()).guidelines == "# Rules\n\nsee rules.md"
    toml.write_text('[task]\nguidelines = "rules.md"\n')
    with pytest.raises(UsageError, match=r"neufs.toml: task.guidelines: .*rules.md cannot be read"):
        load_config(str(pool), Overrides())
    (tmp_path / "rules.md").write_text("# Rules: größer", encoding="utf-8")
    assert load_config(str(pool), Overrides()).guidelines == "# Rules: größer"
    toml.write_text('[task]\nguidelines = "ask first"\nlabels = ["a", "b"]\n')
    config = load_config(str(pool), Overrides())
    assert config.guidelines == "ask first"
    assert config.task is not None and config.task.label_names == ("a", "b")
