"""A browser without a screen: one session of the dashboard over its websocket, as Streamlit's own page holds one."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import suppress
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

_PATIENCE = 60.0
"""Seconds after which a page that has not come counts as an error."""


class Visitor:
    """One open page. Widgets are found by the end of their id, which is their key; it looks again by itself where the page
    asks for it, as a browser does."""

    def __init__(self, browser: ClientConnection) -> None:
        self._browser = browser
        self._held: dict[str, WidgetState] = {}
        self._kept: dict[str, ForwardMsg] = {}
        self._pages: dict[str, str] = {}
        self._page = self._query = ""
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._asked_at: dict[str, float] = {}
        self._done = asyncio.Event()
        self._begun = False
        self.shown: dict[str, Element] = {}
        """Widgets of the page as it was drawn last, by their ids."""
        self.toasts: list[str] = []
        self.errors: list[str] = []
        """What the page raised, and what a box in red said."""
        self.n_asked = self.n_drawn = 0
        """Pages that were asked for, and that were drawn."""
        self.looks: list[float] = []
        """Seconds of each look that the page took by itself."""

    async def open(self, page: str, query: str = "") -> None:
        """Go to a page, as a link to it does."""
        self._query, self._held = query, {key: one for key, one in self._held.items() if "author" in key}
        self._page = self._pages.get(page, "")
        await self._run(None if self._page else page)

    async def press(self, key: str) -> None:
        """Click the button of a key."""
        await self._run(pressed=self.id_of(key))

    async def fill(self, key: str, **value: Any) -> None:
        """Put a value into a widget: `string_value="Ann"`, `double_value=17`; none empties it."""
        found = self.id_of(key)
        self._held[found] = WidgetState(id=found, **value)
        await self._run()

    def id_of(self, key: str) -> str:
        """Raises `LookupError` where the page shows no such widget."""
        found = next((one for one in self.shown if one.endswith(f"-{key}")), None)
        if found is None:
            raise LookupError(f"the page shows no {key}")
        return found

    def find(self, pattern: str) -> str | None:
        """What a pattern's group finds at the end of the widgets' ids."""
        matches = (re.search(pattern + "$", one) for one in self.shown)
        return next((match.group(1) for match in matches if match), None)

    async def listen(self) -> None:
        """Take in what the server says, until it is cancelled."""
        try:
            async for raw in self._browser:
                message = ForwardMsg.FromString(raw)  # type: ignore[arg-type]
                if message.WhichOneof("type") == "ref_hash":
                    metadata = message.metadata
                    message = self._kept[message.ref_hash]
                    message.metadata.CopyFrom(metadata)
                elif message.metadata.cacheable:
                    self._kept[message.hash] = message
                self._take(message)
        finally:
            for timer in self._timers.values():
                timer.cancel()

    async def _run(self, page_name: str | None = None, pressed: str | None = None) -> None:
        asked = self._asking()
        if page_name is not None:
            asked.rerun_script.page_name = page_name
        if pressed is not None:
            asked.rerun_script.widget_states.widgets.append(WidgetState(id=pressed, trigger_value=True))
        self._done.clear()
        self.n_asked += 1
        self._begun, self.toasts = False, []
        await self._browser.send(asked.SerializeToString())
        await asyncio.wait_for(self._done.wait(), _PATIENCE)

    def _asking(self) -> BackMsg:
        asked = BackMsg()
        asked.rerun_script.query_string = self._query
        asked.rerun_script.page_script_hash = self._page
        asked.rerun_script.widget_states.widgets.extend(self._held.values())
        asked.rerun_script.cached_message_hashes.extend(self._kept)
        return asked

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "delta":
            self._draw(message)
        elif kind == "new_session" and not message.metadata.run.fragment_ids:
            self._begun, self.shown = True, {}
            for timer in self._timers.values():
                timer.cancel()
            self._timers, self._asked_at = {}, {}
        elif kind == "navigation":
            self._pages = {one.url_pathname: one.page_script_hash for one in message.navigation.app_pages}
            self._page = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            fragment = message.auto_rerun.fragment_id
            if fragment in self._timers:
                self._timers[fragment].cancel()
            self._timers[fragment] = asyncio.create_task(self._look_again(fragment, message.auto_rerun.interval))
        elif kind == "script_finished":
            self._finish(message)

    def _finish(self, message: ForwardMsg) -> None:
        if message.script_finished == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY:
            for fragment in message.metadata.run.fragment_ids:
                if (asked := self._asked_at.pop(fragment, None)) is not None:
                    self.looks.append(time.perf_counter() - asked)
        elif message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY and self._begun:
            self.n_drawn += 1
            self._done.set()
        elif message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            self.errors.append("a page did not compile")

    def _draw(self, message: ForwardMsg) -> None:
        if message.delta.WhichOneof("type") != "new_element":
            return
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.errors.append(element.exception.message)
        elif kind == "alert" and element.alert.format == element.alert.ERROR:
            self.errors.append(element.alert.body)
        elif kind == "toast":
            self.toasts.append(element.toast.body)
        elif kind is not None and (found := getattr(getattr(element, kind), "id", "")):
            self.shown[found] = element

    async def _look_again(self, fragment: str, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            asked = self._asking()
            asked.rerun_script.fragment_id, asked.rerun_script.is_auto_rerun = fragment, True
            self._asked_at.setdefault(fragment, time.perf_counter())
            with suppress(WebSocketException):
                await self._browser.send(asked.SerializeToString())
