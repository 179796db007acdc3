"""Parquet and data sets are pools like any other; these tests need the package datasets."""

from __future__ import annotations

import gzip
import json
import socket
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("datasets")

import datasets
import pyarrow as pa
from pyarrow import parquet

from neufs_tui.core.draws import Draws
from neufs_tui.errors import PoolError
from neufs_tui.storage.gold_labels import gold_labels
from neufs_tui.storage.pool import read_pool
from neufs_tui.storage.pool_draw import draw_example
from neufs_tui.storage.pool_lines import ReadingRule
from tests.pools import AWKWARD, write_rows

ROWS = [{"id": n, "text": f"text {n}", "label": n % 2} for n in range(20)]
LABELS = datasets.ClassLabel(names=["neg", "pos"])


def dataset(rows: list[dict[str, object]] = ROWS) -> datasets.Dataset:
    made = datasets.Dataset.from_list(rows)
    return made.cast_column("label", LABELS) if "label" in made.column_names else made


def hub_folder(folder: Path, **splits: list[dict[str, object]]) -> Path:
    """A folder as it is on the hub: JSON lines, and a card that says what they are."""
    folder.mkdir()
    files = [{"split": name, "path": f"{name}.jsonl"} for name in splits]
    label = {"name": "label", "dtype": {"class_label": {"names": {"0": "neg", "1": "pos"}}}}
    features = [{"name": "id", "dtype": "int64"}, {"name": "text", "dtype": "string"}, label]
    card = {
        "license_link": "https://example.org",
        "configs": [{"config_name": "default", "data_files": files}],
        "dataset_info": {"features": features},
    }
    folder.joinpath("README.md").write_text(f"---\n{json.dumps(card)}\n---\n# A card\n")
    for name, rows in splits.items():
        write_rows(folder / f"{name}.jsonl", rows)
    return folder


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked of the network, and a home of one's own shows what is left there."""

    def refuse(*_: object) -> NoReturn:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.chdir(tmp_path)


SCALARS = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=5)
TEXTS = st.sampled_from(AWKWARD) | st.text(st.characters(codec="utf-8"), max_size=20)


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_a_pool_is_the_same_in_each_form(data: st.DataObject) -> None:
    ids = data.draw(st.sampled_from([st.integers(0, 99), st.text(max_size=3), st.none()]))
    notes = data.draw(st.sampled_from([st.integers(0, 9), st.lists(st.booleans(), max_size=2)]))
    row = st.fixed_dictionaries({"id": ids, "text": TEXTS, "note": notes})
    rows = data.draw(st.lists(row, min_size=1, max_size=8))
    if not any(one["text"].strip() for one in rows):
        rows.append(rows[0] | {"text": "a text"})
    with TemporaryDirectory() as folder:
        lines = write_rows(Path(folder, "pool.jsonl"), rows)
        Path(folder, "pool.jsonl.gz").write_bytes(gzip.compress(lines.read_bytes()))
        parquet.write_table(pa.Table.from_pylist(rows), f"{folder}/pool.parquet", row_group_size=3)
        datasets.Dataset.from_list(rows).save_to_disk(f"{folder}/saved")
        read = [
            read_pool(f"{folder}/{name}", skip_bad_lines=True)
            for name in ("pool.jsonl", "pool.jsonl.gz", "pool.parquet", "saved")
        ]
    for pool in read:
        assert pool.examples == read[0].examples
        assert pool.rows == read[0].rows
        assert pool.n_bad_lines == read[0].n_bad_lines
    assert len({pool.sha256 for pool in read}) == 4


@pytest.mark.parametrize("form", ["parquet", "saved", "saved in parts", "splits", "hub"])
def test_classes_are_labels_by_their_names(form: str, tmp_path: Path) -> None:
    path = tmp_path / "some.v1"
    match form:
        case "parquet":
            path = tmp_path / "some.parquet"
            dataset().to_parquet(path)
        case "saved":
            dataset().save_to_disk(path)
        case "saved in parts":
            dataset().save_to_disk(path, num_shards=3)
        case "splits":
            datasets.DatasetDict(train=dataset()).save_to_disk(path)
        case "hub":
            hub_folder(path, train=ROWS)
    pool = read_pool(str(path))
    assert [(one.source_id, one.text) for one in pool.examples] == [
        (row["id"], row["text"]) for row in ROWS
    ]
    assert gold_labels(pool, "label").counts == {"neg": 10, "pos": 10}
    assert pool.notices == ()
    assert pool.is_file and pool.encoding is None


def test_of_several_splits_one_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    other = [{"text": "a test", "id": 1, "label": -1}]
    datasets.DatasetDict(test=dataset(other), train=dataset()).save_to_disk("saved")
    hub_folder(tmp_path / "hub", test=other, train=ROWS, dev=other)
    for folder, others in (("saved", "'test'"), ("hub", "'test', 'dev'")):
        pool = read_pool(folder)
        assert len(pool.examples) == 20
        (notice,) = pool.notices
        assert notice == (
            f"the split 'train' is read, and not {others}: name another as {folder}/test"
        )
        named = read_pool(f"{folder}/test")
        assert [one.text for one in named.examples] == ["a test"]
        assert named.examples[0].fields == {"label": None}
        assert named.notices == ()
        assert read_pool(f"{folder}/train").examples == pool.examples
    assert len(read_pool("hub/dev").examples) == 1
    with pytest.raises(PoolError, match="saved has no split 'dev'") as caught:
        read_pool("saved/dev")
    assert "'test', 'train'" in caught.value.hint
    with pytest.raises(PoolError, match="there is no file hub/tset"):
        read_pool("hub/tset")
    Path("hub/train.jsonl").unlink()
    Path("hub/README.md").unlink()
    Path("hub/dev.jsonl").unlink()
    assert read_pool("hub").notices == ("the split 'test' is read, the only one",)


def test_nothing_is_left_behind_by_what_loads_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a process of its own, whose home, caches and temporary files lie in one folder."""
    folder = hub_folder(tmp_path / "json", train=ROWS)  # as a module of datasets is called
    (tmp_path / "home").mkdir()
    for name in ("HOME", "TMPDIR", "HF_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    before = sorted(folder.iterdir())
    code = (
        "import sys; from neufs_tui.storage.pool import read_pool;"
        f"print(len(read_pool({folder.name!r}).examples), 'torch' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("20 False\n", "")
    assert sorted(folder.iterdir()) == before
    assert [one for one in (tmp_path / "home").rglob("*") if one.is_file()] == []


def test_files_elsewhere_are_not_fetched(tmp_path: Path) -> None:
    folder = hub_folder(tmp_path / "hub", train=ROWS)
    card = folder / "README.md"
    card.write_text(card.read_text().replace("train.jsonl", "https://example.org/train.jsonl"))
    with pytest.raises(PoolError, match=r"README\.md names files elsewhere"):
        read_pool("hub")


def test_columns_without_a_place_in_a_row_are_told() -> None:
    rows = {"text": ["a"], "image": [{"bytes": b"x", "path": None}], "raw": [b"x"]}
    parquet.write_table(pa.table(rows), "pool.parquet")
    pool = read_pool("pool.parquet")
    assert pool.rows == ({},)
    assert pool.notices == ("left out, as bytes are no text: 'image', 'raw'",)


def test_a_text_may_lie_within_an_object_or_be_missing() -> None:
    rows = [{"data": {"text": "a", "n": 1}}, {"data": {"text": None, "n": 2}}, {"data": None}]
    datasets.Dataset.from_list(rows).save_to_disk("saved")
    pool = read_pool("saved", skip_bad_lines=True)
    assert [(one.text, one.fields) for one in pool.examples] == [("a", {"data": {"n": 1}})]
    assert pool.n_bad_lines == 2
    with pytest.raises(PoolError, match=r"2 bad rows:\s+row 2: the text under 'data\.text' is n"):
        read_pool("saved")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("none.parquet", "there is no file none.parquet"),
        ("bad.parquet", "bad.parquet cannot be read: "),
        ("empty.parquet", "empty.parquet holds no texts"),
        ("cut", "cut cannot be read: "),
        ("gone", "there is no file gone"),
        ("odd", "odd cannot be read: "),
        ("mixed", "mixed cannot be read: "),
        ("named", "named cannot be read: "),
        ("bare", "bare is a folder without a data set"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(name: str, said: str, tmp_path: Path) -> None:
    Path("bad.parquet").write_text("PAR1 not indeed")
    parquet.write_table(pa.table({"text": pa.array([], pa.string())}), "empty.parquet")
    for folder in ("cut", "gone", "odd"):
        dataset().save_to_disk(folder)
    arrow = Path("cut/data-00000-of-00001.arrow")
    arrow.write_bytes(arrow.read_bytes()[:-200])
    Path("gone/data-00000-of-00001.arrow").unlink()
    Path("odd/state.json").write_text("{}")
    hub_folder(tmp_path / "mixed", train=ROWS)
    Path("mixed/train.jsonl").write_text('{"text": "a"}\n{"text": \n')
    hub_folder(tmp_path / "named", train=ROWS)
    card = Path("named/README.md")
    config = '{"config_name": "one", "data_files": "train.jsonl"}, '
    described = card.read_text().replace('"configs": [', f'"configs": [{config}')
    card.write_text(described.replace('"default"', '"two"'))
    Path("bare").mkdir()
    for draw in (False, True):
        if draw:
            assert draw_example(name, ReadingRule(), seed=0, decided=()) is None
            continue
        with pytest.raises(PoolError, match=said) as caught:
            read_pool(name)
        assert caught.value.hint
        assert "\n" not in caught.value.message


LARGE = [{"id": n, "text": f"text {n}"} for n in range(3500)]


@pytest.mark.parametrize("form", ["parquet", "groups", "saved", "hub"])
def test_what_is_drawn_of_a_large_one_is_in_it(form: str, tmp_path: Path) -> None:
    source = "pool.parquet" if form in ("parquet", "groups") else form
    match form:
        case "parquet":
            dataset(LARGE).to_parquet(source)
        case "groups":
            parquet.write_table(pa.Table.from_pylist(LARGE), source, row_group_size=700)
        case "saved":
            dataset(LARGE).save_to_disk(source, num_shards=2)
        case "hub":
            hub_folder(tmp_path / source, train=LARGE)
    place = {one.id: one.row for one in read_pool(source).examples}
    places = []
    for seed in range(20):
        drawn = draw_example(source, ReadingRule(), seed=seed, decided=())
        assert drawn is not None
        assert drawn == draw_example(source, ReadingRule(), seed=seed, decided=())
        places.append(place[drawn.id])
        again = draw_example(source, ReadingRule(), seed=seed, decided={drawn.id})
        assert again is not None and again.id in place and again.id != drawn.id
        check = draw_example(source, ReadingRule(), seed=seed, decided=(), check=True)
        assert (check is None) == (form == "hub")
    if form != "hub":
        assert min(places) < 875 and max(places) > 2625


@pytest.mark.parametrize("form", ["parquet", "saved", "hub"])
def test_a_small_one_is_drawn_from_in_the_order_of_all_draws(form: str, tmp_path: Path) -> None:
    dataset().to_parquet("pool.parquet")
    dataset().save_to_disk("saved")
    hub_folder(tmp_path / "hub", train=ROWS)
    source = "pool.parquet" if form == "parquet" else form
    order = Draws([one.id for one in read_pool(source).examples], 3).next((), 2)
    drawn = draw_example(source, ReadingRule(), seed=3, decided={order[0].example_id})
    assert drawn is not None and drawn.id == order[1].example_id


def test_rows_whose_columns_change_on_the_way_are_read(tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    write_rows(tmp_path / "many/train-1.jsonl", [{"text": "a", "n": 1}])
    write_rows(tmp_path / "many/train-2.jsonl", [{"text": "b", "n": 2}])
    assert [one.fields for one in read_pool("many").examples] == [{"n": 1}, {"n": 2}]
