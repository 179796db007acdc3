"""The export: a format, how many and in which order, where to, and how the file will look."""

from __future__ import annotations

import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process, create_subprocess_exec
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from signal import SIGINT
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Resize
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from neufs_tui.app.keys import PALETTE, borrowed
from neufs_tui.app.widgets.bar import KeyBar
from neufs_tui.app.widgets.field import Field
from neufs_tui.app.widgets.text_view import TextView
from neufs_tui.core.text import one_line, plural, visible
from neufs_tui.errors import ExportError
from neufs_tui.export.format import Shape
from neufs_tui.export.registry import FORMATS, of_shape
from neufs_tui.labelling.export_choice import BEST, ORDERS, ExportChoice, preview, usual_path
from neufs_tui.labelling.workspace import Workspace

_HEADINGS = {Shape.PROMPT: "one prompt", Shape.ROWS: "a row an example"}
_LOW_BELOW = 22
_LONGEST_PREVIEW = 20_000
"""Characters of a file that are shown."""


class ExportScreen(ModalScreen[str]):
    """Enter writes what is chosen, by the command that is shown, in a process of its own.

    Returns what was written last, in a sentence; empty where nothing was.
    """

    CSS_PATH = "export.tcss"
    AUTO_FOCUS = "#formats"
    BINDINGS: ClassVar = [
        Binding("escape", "leave", tooltip="close the export"),
        *(borrowed(name, "leave") for name in ("export", "quit")),
        PALETTE,
        Binding("o", "order", tooltip="another order"),
        Binding("c", "check", tooltip="read what was written, or do not"),
        *(borrowed(name, f"scroll('{name}')") for name in ("page_down", "page_up")),
    ]

    def __init__(self, workspace: Workspace) -> None:
        """Bind what is exported.

        Args:
            workspace: the pool and the session on it.
        """
        super().__init__()
        self._workspace = workspace
        self._n_shots = len(workspace.session.decided())
        self._order = 0
        self._is_checked = True
        self._path_is_hers = False
        """The path was typed, so another format does not change it."""
        self._replaces = ""
        """The path of which it was said that something is there."""
        self._process: Process | None = None
        self._done = ""

    def compose(self) -> ComposeResult:
        """Formats beside the preview, then how and where to, what is done, and the keys."""
        yield Static(id="title", markup=False)
        with Horizontal(id="middle"):
            yield OptionList(*_options(), id="formats", markup=False)
            with Vertical():
                yield Static(id="about", markup=False)
                yield TextView(id="preview")
        with Horizontal(classes="line"):
            yield Static("first ", markup=False)
            k = Field(str(self._n_shots))
            k.id = "k"
            yield k
            yield Static(id="how", markup=False)
        with Horizontal(classes="line"):
            yield Static("to    ", markup=False)
            path = Field()
            path.id = "path"
            yield path
        yield Static(id="said", markup=False)
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Show the first format."""
        flagged = sum(one.flagged for one in self._workspace.session.all_labelled())
        left_out = f" · {flagged:,} flagged, left out" if flagged else ""
        title = Content.assemble(("Export ", "bold"), plural(self._n_shots, "example"), left_out)
        self.query_one("#title", Static).update(title)
        self.query_one(KeyBar).keys = (
            ("enter", "writes it"),
            ("tab", "next field"),
            ("o", "order"),
            ("c", "check"),
            ("esc", "back"),
        )
        self.query_one(OptionList).highlighted = 1

    def on_resize(self, event: Resize) -> None:
        """Leave the blank lines out of a low window."""
        self.set_class(event.size.height < _LOW_BELOW, "-low")

    @on(OptionList.OptionHighlighted)
    def _another_format(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if not self._path_is_hers:
            path = self.query_one("#path", Field)
            with path.prevent(Input.Changed):
                path.value = usual_path(self._workspace.pool_name, self._format_name)
        self._show()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._path_is_hers |= event.input.id == "path"
        self._show()

    @on(OptionList.OptionSelected)
    @on(Input.Submitted)
    def _enter(self, event: OptionList.OptionSelected | Input.Submitted) -> None:
        event.stop()
        choice = self._choice()
        if isinstance(choice, str):
            return
        if self._process is not None:
            self._say("still writing what was asked for before")
            return
        if Path(choice.path).exists() and self._replaces != choice.path:
            self._replaces = choice.path
            self._say(f"{one_line(choice.path)} is there already: enter once more replaces it")
            return
        self._write(choice)

    def action_order(self) -> None:
        """Take the next order."""
        self._order = (self._order + 1) % len(ORDERS)
        self._show()

    def action_check(self) -> None:
        """Read again what is written, or do not."""
        self._is_checked = not self._is_checked
        self._show()

    def action_scroll(self, name: str) -> None:
        """Move the preview."""
        self.query_one(TextView).move(name)

    def action_leave(self) -> None:
        """Back to labelling; what is being written is stopped, as by Ctrl-C."""
        if self._process is not None:
            self._process.send_signal(SIGINT)
        self.dismiss(self._done)

    @property
    def _format_name(self) -> str:
        option = self.query_one(OptionList).highlighted_option
        assert option is not None and option.id is not None  # one always is
        return option.id

    def _choice(self) -> ExportChoice | str:
        """What is chosen, or why nothing can be written so."""
        written = self.query_one("#k", Field).value.strip()
        if not written.isdecimal() or not 1 <= int(written) <= self._n_shots:
            return f"of {plural(self._n_shots, 'example')} the first 1 to {self._n_shots:,}"
        path = self.query_one("#path", Field).value.strip()
        if not path:
            return "name a file or a folder to write to"
        k = int(written) if int(written) < self._n_shots else None
        is_there = self._replaces == path and Path(path).exists()
        return ExportChoice(
            self._format_name, path, k, ORDERS[self._order], self._is_checked, is_there
        )

    def _show(self) -> None:
        form = FORMATS[self._format_name]
        about = Content.assemble((form.read_by, "bold"), f"\norder {form.order}")
        self.query_one("#about", Static).update(about)
        order = ORDERS[self._order]
        reads = " (the model reads each label)" if order == BEST else ""
        checked = "checked" if self._is_checked else "not checked"
        how = f" of {self._n_shots:,} · order {order}{reads} · {checked}"
        self.query_one("#how", Static).update(how)
        choice = self._choice()
        view = self.query_one(TextView)
        if isinstance(choice, str):
            view.show("")
            self._say(choice, trouble=True)
            return
        try:
            text = preview(self._workspace, choice)
        except ExportError as error:
            view.show(f"{error.message}\n{error.hint}")
        else:
            more = "\n…" if len(text) > _LONGEST_PREVIEW else ""
            view.show(visible(text[:_LONGEST_PREVIEW]) + more)
        self._say(f"neufs-tui {' '.join(map(quote, self._arguments(choice)))}")

    def _arguments(self, choice: ExportChoice) -> list[str]:
        return choice.arguments(self._workspace.pool_name, self._workspace.session_name)

    @work(exclusive=True)
    async def _write(self, choice: ExportChoice) -> None:
        self._say(f"writing {one_line(choice.path)} …")
        self._process = await create_subprocess_exec(
            sys.executable,
            "-m",
            "neufs_tui",
            *self._arguments(choice),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            env={**os.environ, "COLUMNS": "1000"},
        )
        lines = []
        assert self._process.stdout is not None  # as it is a pipe
        async for line in self._process.stdout:
            lines.append(line.decode(errors="replace").rstrip())
            self._say("\n".join(lines[-2:]))
        status = await self._process.wait()
        self._process, self._replaces = None, ""
        told = [line for line in lines if line]
        self._say("\n".join(told[-2:]), trouble=status != 0)
        if status == 0:
            self._done = next((line for line in told if line.startswith("wrote ")), "")

    def _say(self, text: str, *, trouble: bool = False) -> None:
        style = "$text-error" if trouble else "$text"
        self.query_one("#said", Static).update(Content.styled(text, style))


def _options() -> Sequence[Option]:
    """The formats under what they are for."""
    options = []
    for shape in Shape:
        options.append(Option(Content.styled(_HEADINGS[shape], "$foreground-muted"), disabled=True))
        options += [Option(name, id=name) for name in of_shape(shape)]
    return options
