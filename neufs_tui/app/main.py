"""The app: paints first, then reads the pool, opens the session and starts the engine."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import App, SystemCommand
from textual.driver import Driver
from textual.events import Event as TextualEvent
from textual.events import Key
from textual.screen import Screen
from textual.theme import Theme

from neufs_tui.app.clipboard import copy
from neufs_tui.app.keymap import configured
from neufs_tui.app.keys import PALETTE, SUSPEND, bound
from neufs_tui.app.messages import (
    EngineReported,
    PoolChanged,
    PoolRead,
    PoolReread,
    RereadFailed,
    StartupFailed,
    TextFound,
)
from neufs_tui.app.opening import Opening, Reads
from neufs_tui.app.pool_watch import PoolWatch
from neufs_tui.app.screens.label import LabelScreen
from neufs_tui.app.terminal import has_few_colors, wants_ascii
from neufs_tui.core.counts import Counts
from neufs_tui.engine.protocol import EngineFailed, Event
from neufs_tui.errors import NeufsError, UsageError
from neufs_tui.labelling.startup import Opened
from neufs_tui.storage.paths import clipboard_path
from neufs_tui.wording import sentences

if TYPE_CHECKING:
    from neufs_tui.labelling.pool_file import PoolNow

THEME = Theme(
    name="neufs",
    primary="#8fb3d9",
    secondary="#9aa7b8",
    accent="#e3b873",
    warning="#e6a862",
    error="#e07a7f",
    success="#93c295",
    foreground="#d8dbe0",
    background="#15171b",
    surface="#1f2329",
    panel="#272c34",
)
"""Quiet colours: the text is the brightest thing, keys and the reason stand out from it."""
LIGHT = Theme(
    name="neufs-light",
    primary="#3f6f9f",
    secondary="#5d6b7c",
    accent="#8a5a00",
    warning="#8f5600",
    error="#a3333a",
    success="#3c6e3f",
    foreground="#1d2126",
    background="#fbfaf7",
    surface="#efede8",
    panel="#e4e1da",
    dark=False,
)
"""The same on paper."""


class LabelApp(App[None]):
    """Labels one pool in one session."""

    TITLE = "neufs-tui"
    CSS_PATH = "screens/label.tcss"  # a default screen's own CSS_PATH is not read
    BINDINGS: ClassVar = [SUSPEND, PALETTE]

    def __init__(self, startup: Reads, *, pool_name: str = "", theme: str | None = None) -> None:
        """Keep what opens the session; nothing is read before the first paint.

        Args:
            startup: reads the pool and opens the session, on a thread of its own.
            pool_name: shown until the pool is read.
            theme: the name of one of `available_themes`; None takes what suits the terminal.

        Raises:
            UsageError: there is no such theme.
        """
        is_ansi = "NO_COLOR" in os.environ or has_few_colors(os.environ)
        is_ansi = is_ansi if theme is None else theme.startswith("ansi")
        super().__init__(ansi_color=True if is_ansi else None)
        self.register_theme(THEME)
        self.register_theme(LIGHT)
        if theme is not None:
            self._take_theme(theme)
        elif is_ansi:
            self.theme = "ansi-dark"
        elif "TEXTUAL_THEME" not in os.environ:
            self.theme = THEME.name
        self.animation_level = "none"
        self.failure: NeufsError | None = None
        """Why there was nothing to label; None when all went well."""
        self._opening = Opening(startup, self.post_message)
        self._label_screen = LabelScreen(pool_name)
        self._opened: Opened | None = None
        self._watch: PoolWatch | None = None

    @property
    def summary(self) -> Counts | None:
        """Where the annotator left off; None when no session was opened."""
        return self._opened.loop.counts if self._opened else None

    def get_driver_class(self) -> type[Driver]:
        """Textual's own, or one that writes ASCII where the locale has nothing else."""
        driver = super().get_driver_class()
        if not wants_ascii(os.environ):
            return driver
        from neufs_tui.app.ascii_driver import AsciiDriver

        return AsciiDriver

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a text, and say which way it went."""
        if (driver := self._driver) is None:
            return
        try:
            way = copy(text, write=driver.write, environ=os.environ, path=clipboard_path())
        except OSError as error:
            self._label_screen.say(f"not copied: {error}")
            return
        self._label_screen.say(f"copied: {way}")

    def _take_theme(self, name: str) -> None:
        if name not in self.available_themes:
            raise UsageError(
                f"there is no theme {name!r}",
                hint=f"the themes are {', '.join(sorted(self.available_themes))}",
            )
        self.theme = name

    def get_default_screen(self) -> Screen[None]:
        """The labelling screen, there from the first paint."""
        return self._label_screen

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every command of a screen by name, for the palette."""
        for command in super().get_system_commands(screen):
            if command.title == "Theme":  # all else that Textual offers is no action of ours
                yield command
        for binding in bound(screen):
            if binding.description:
                run = partial(self.call_later, self.run_action, binding.action, screen)
                what = f"{binding.tooltip} ({binding.key_display})"
                yield SystemCommand(binding.description, what, run)

    async def on_event(self, event: TextualEvent) -> None:
        """Let the actions of a key know which it is and when it was read."""
        self._label_screen.pressed = event if isinstance(event, Key) else None
        try:
            await super().on_event(event)
        finally:
            self._label_screen.pressed = None

    def on_mount(self) -> None:
        """Let the signals that would end the process end it in order."""
        if self.is_headless:
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
                loop.add_signal_handler(number, self._end_by, number)

    def on_ready(self) -> None:
        """The first paint is done."""
        self.app_resume_signal.subscribe(self, self._repaint)
        self._opening.start()

    def _repaint(self, _app: App[object]) -> None:
        """Paint all of it: back from the shell, the terminal shows nothing of what is known."""
        self.refresh(layout=True)

    @on(TextFound)
    def _preview(self, message: TextFound) -> None:
        self._label_screen.preview(message.first)

    @on(PoolRead)
    def _begin(self, message: PoolRead) -> None:
        self._opened = opened = message.opened
        try:
            keys = configured(opened.loop.workspace.keys)
        except NeufsError as error:
            self._fail(error)
            return
        self.set_keymap(keys)
        self._label_screen.open(opened.loop, ",".join(keys.values()).split(","))
        if opened.pool_file is not None:
            self._watch = PoolWatch(opened.pool_file, self.post_message)
            self._watch.start()
        self.call_after_refresh(self._start_engine)

    def action_reload(self) -> None:
        """Read the pool's file again, and take in what it holds."""
        if self._opened is None:
            said = sentences.STILL_READING
        elif self._watch is None:
            said = sentences.READ_ONCE
        else:
            loop = self._opened.loop
            self._watch.read(loop.workspace, loop.shown_id)
            said = sentences.rereading(loop.workspace.pool_name)
        self._label_screen.say(said)

    @on(PoolChanged)
    def _tell_change(self) -> None:
        self._label_screen.tell_change()

    @on(RereadFailed)
    def _stay(self, message: RereadFailed) -> None:
        if not isinstance(message.error, NeufsError):
            raise message.error
        assert self._watch is not None  # it has told of it
        self._watch.done()
        self._label_screen.refuse(message.error)

    @on(PoolReread)
    def _take_in_beside(self, message: PoolReread) -> None:
        self.run_worker(self._take_in(message.now))

    async def _take_in(self, now: PoolNow) -> None:
        """Go on with another pool; keys are answered between the parts that are stored."""
        assert self._opened is not None and self._watch is not None  # as one was read
        loop, engine = self._opened.loop, self._opened.engine
        try:
            for _ in loop.workspace.session.merge_changes(now.changes):
                await asyncio.sleep(0)
        except NeufsError as error:
            self._label_screen.refuse(error)
            return
        finally:
            self._watch.done()
        engine.update(now.config)
        loop.take_in(now.workspace)
        gc.freeze()
        self._label_screen.take_in(now.n_new, now.n_gone)

    @on(StartupFailed)
    def _give_up(self, message: StartupFailed) -> None:
        if not isinstance(message.error, NeufsError):
            raise message.error
        self._fail(message.error)

    @on(EngineReported)
    def _pass_on(self, message: EngineReported) -> None:
        self._label_screen.hear(message.event)

    def _start_engine(self) -> None:
        if self._opened is None:
            return
        try:
            self._opened.engine.start(self._hear)
            self._opened.loop.connect(self._opened.engine.send)
        except NeufsError as error:
            self._label_screen.hear(EngineFailed(error.message, error.hint))

    def _hear(self, event: Event) -> None:
        """Called from the engine client's thread."""
        self.post_message(EngineReported(event))

    def _end_by(self, number: signal.Signals) -> None:
        """Quit; without a terminal to restore, close the session and end at once."""
        if number is signal.SIGHUP:
            self._close_session()
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self.exit(return_code=128 + number)

    def _fail(self, error: NeufsError) -> None:
        self.failure = error
        self.exit(return_code=error.exit_code)

    def on_unmount(self) -> None:
        """Let go of the session, which comes first, and of the engine."""
        try:
            self._close_session()
        finally:
            if self._opening.opened is not None:
                self._opening.opened.engine.stop()

    def _close_session(self) -> None:
        self._opening.stop()
        if self._watch is not None:
            self._watch.stop()
        if self._opening.opened is not None:
            self._opening.opened.loop.workspace.session.close()
