"""Any server that speaks OpenAI's chat completions: vLLM, Ollama, llama.cpp, `transformers serve`, hosted APIs.

generator = OpenAICompatible(Server("http://localhost:8000/v1", "my-model"))

Waiting, repeating and reading `Retry-After` are the official client's (extra `llm`); what is added here is what servers
differ in, and that nothing which goes wrong with one request touches another.
"""

from __future__ import annotations

import json
import os
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fac_core.errors import MissingExtra, Stopped, WrongUse
from fac_core.generators import chat_protocol
from fac_core.generators.chat_protocol import Reply
from fac_core.generators.seam import Answer, Request, Usage

if TYPE_CHECKING:
    from openai import APIStatusError, OpenAI

_SECONDS_TO_CONNECT = 10.0
_UNREADABLE_AGAIN = 2
"""Times that a reply which is no chat completion is asked for again."""


@dataclass(frozen=True)
class Server:
    """Where a model answers, and how hard to press it. Raises `WrongUse` for an address that is none."""

    base_url: str
    """With the version, as in `http://localhost:11434/v1`."""
    model: str
    """As the server calls it."""
    key_variable: str | None = None
    """Environment variable that holds the key. None sends none, whatever the environment has: another server's key is
    nobody's business here."""
    concurrency: int = 4
    """Requests under way at once."""
    timeout: float = 120.0
    """Seconds of silence after which a request is given up and repeated."""
    retries: int = 4
    """Times that a request is repeated after a time-out, a cut connection, a rate limit or a server error."""

    def __post_init__(self) -> None:
        address = urlsplit(self.base_url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise WrongUse(f"{self.base_url!r} is no address of a server; write it as http://localhost:8000/v1.")
        if address.username or address.password:
            raise WrongUse("The server's address holds a password. Put it into an environment variable and name that.")

    def key(self) -> str:
        """The key, from the environment. Raises `WrongUse` if the variable that is named is not set."""
        if self.key_variable is None:
            return "none"  # the client insists on one
        key = os.environ.get(self.key_variable, "")
        if not key:
            raise WrongUse(f"The environment variable {self.key_variable}, which should hold the key, is not set.")
        return key


class OpenAICompatible:
    """A generator behind HTTP. Raises `MissingExtra` without the client's package, `WrongUse` without the key."""

    def __init__(self, server: Server) -> None:
        self.server = server
        key = server.key()
        self._key = chat_protocol.written_ways(key)
        self._client = _client(server, key)
        self._refused: frozenset[str] = frozenset()
        """Optional fields that the server does not take, as learnt so far."""
        self._hopeless: str | None = None
        """Why no request can succeed: a wrong key, no such model."""

    @property
    def name(self) -> str:
        """`model at host/path`; of a model in a folder, the folder's name."""
        address = urlsplit(self.server.base_url)
        port = f":{address.port}" if address.port else ""
        model = Path(self.server.model).name if Path(self.server.model).is_absolute() else self.server.model
        return f"{model} at {address.hostname}{port}{address.path.rstrip('/')}"

    def generate(
        self, requests: Sequence[Request], *, on_answer: Callable[[int, Answer], None] = lambda _i, _answer: None
    ) -> list[Answer]:
        """Several at once, each begun when another has been told: a crash loses no more than those under way.

        A listener that raises `Stopped` ends it after those, which it is told as well.
        """
        answers: dict[int, Answer] = {}
        stopped: Stopped | None = None
        waiting = iter(enumerate(requests))
        under_way: dict[Future[Answer], int] = {}
        with ThreadPoolExecutor(self.server.concurrency, thread_name_prefix="generator") as pool:

            def begin(n: int) -> None:
                for position, request in islice(waiting, n):
                    under_way[pool.submit(self._answer, request)] = position

            begin(self.server.concurrency)
            while under_way:
                for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                    position = under_way.pop(future)
                    answers[position] = future.result()
                    try:
                        on_answer(position, answers[position])
                    except Stopped as stop:
                        stopped = stop
                    if stopped is None:
                        begin(1)
        if stopped is not None:
            raise stopped
        return [answers[position] for position in range(len(requests))]

    def _answer(self, request: Request) -> Answer:
        if request.steering is not None:
            return Answer((), error="A server cannot steer along a feature; only the local model can.")
        texts: tuple[str, ...] = ()
        usage, problem, n_choices = Usage(), "", 0
        started = time.monotonic()
        while n_choices < request.n:  # a server that knows no `n` answers one at a time
            reply = self._reply(request, request.n - n_choices, n_choices)
            texts, usage, n_choices = texts + reply.texts, usage + reply.usage, n_choices + reply.n_choices
            problem = problem or reply.problem
            if not reply.n_choices:
                break
        usage += Usage(seconds=time.monotonic() - started)
        return Answer(texts[: request.n], usage, None if texts else problem)

    def _reply(self, request: Request, n: int, nth: int) -> Reply:
        """The reply to a request for n answers; one without choices says what the problem is."""
        from openai import APIConnectionError, APIStatusError, APITimeoutError

        refused, unreadable = self._refused, Usage()
        problem = self._hopeless
        while problem is None:
            sent = chat_protocol.body(request, self.server.model, refused, n=n, nth=nth)
            try:
                raw = self._without_key(self._client.chat.completions.with_raw_response.create(**sent).text)
            except APITimeoutError:
                problem = f"No answer within {self.server.timeout:g} s, also when asked again."
            except APIConnectionError as error:
                problem = f"The connection failed, also when tried again: {self._told(str(error.__cause__ or error))}"
            except APIStatusError as error:
                told = f"{error.message} {json.dumps(error.body)}"  # of other shapes than OpenAI's it is the body that says it
                field = chat_protocol.suspect(sent, error.param, told) if error.status_code in (400, 422) else None
                if field is None:
                    problem = self._status(error)
                else:
                    refused |= {field}
            else:
                self._refused |= refused
                reply = chat_protocol.read(raw, request)
                if reply is not None:
                    texts = tuple(map(self._without_key, reply.texts))  # once more: a streamed one comes in pieces
                    return replace(
                        reply, texts=texts, problem=self._told(reply.problem), usage=reply.usage + unreadable
                    )
                unreadable += Usage(n_paid=1)
                if unreadable.n_paid > min(_UNREADABLE_AGAIN, self.server.retries):
                    told = self._told(raw)[:80]
                    problem = f"The server's reply is no chat completion: {told!r}. Does the address end in /v1?"
        return Reply((), 0, problem, unreadable)

    def _status(self, error: APIStatusError) -> str:
        said = self._told(chat_protocol.words(error.body) if error.body else error.message)
        if error.status_code in (401, 403):
            source = (
                f"${self.server.key_variable}" if self.server.key_variable else "no key was sent; name its variable"
            )
            self._hopeless = f"The server refused the key ({error.status_code}): {source}."
            return self._hopeless
        if error.status_code < 400:  # what is sent is for this server and for no other
            elsewhere = self._told(error.response.headers.get("location", ""))
            self._hopeless = (
                f"The server sends elsewhere ({error.status_code}): {elsewhere}. If you trust that, give its address."
            )
            return self._hopeless
        if error.status_code == 404:
            self._hopeless = f"The server knows no such address or model ({self.name}): {said}"
            return self._hopeless
        if error.status_code == 429:
            return f"Rate limit, also when asked again: {said}"
        return f"The server answered with status {error.status_code}: {said}"

    def _told(self, message: str) -> str:
        """What a server says, short, and without the key should it repeat it."""
        return " ".join(self._without_key(chat_protocol.shown(message)).split())[:300]

    def _without_key(self, said: str) -> str:
        return self._key.sub("…", said) if self.server.key_variable else said


def _client(server: Server, key: str) -> OpenAI:
    try:
        import httpx2
        from openai import DefaultHttpx2Client, OpenAI
    except ImportError as error:
        raise MissingExtra("Servers need the extra `llm`: pip install 'fac-explorer[llm]'.") from error
    client = OpenAI(
        base_url=server.base_url,
        api_key=key,
        timeout=httpx2.Timeout(server.timeout, connect=_SECONDS_TO_CONNECT),
        max_retries=server.retries,
        http_client=DefaultHttpx2Client(follow_redirects=False),  # what is sent is for this server and for no other
    )
    client.organization = client.project = None  # the environment's are not for whatever server this is
    return client


PORTS: Mapping[str, int] = {"ollama": 11434, "lm-studio": 1234, "llama.cpp": 8080, "vllm": 8000}
"""Where the usual programs listen if nobody said otherwise."""

_SECONDS, _BYTES, _MODELS = 0.5, 1 << 20, 200


@dataclass(frozen=True)
class Nearby:
    """A server that lists its models as OpenAI's does."""

    name: str
    """Of the program that usually listens there."""
    address: str
    models: tuple[str, ...]


def nearby(ports: Mapping[str, int] = PORTS) -> tuple[Nearby, ...]:
    """Whoever answers at one of the ports of this machine.

    >>> nearby({"nobody": 9})
    ()
    """
    found = []
    for name, port in ports.items():
        address = f"http://localhost:{port}/v1"
        models = models_of(address)
        if models:
            found.append(Nearby(name, address, models))
    return tuple(found)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A server that sends elsewhere is not asked there."""

    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None


_STRAIGHT = urllib.request.build_opener(_NoRedirect)


def models_of(address: str) -> tuple[str, ...]:
    """The models of a server, as it calls them; none where nothing answers, or something else than such a server."""
    try:
        with _STRAIGHT.open(f"{address}/models", timeout=_SECONDS) as answer:
            listed = json.loads(answer.read(_BYTES))["data"][:_MODELS]
            return tuple(str(one["id"]) for one in listed)
    except (OSError, ValueError, KeyError, TypeError):
        return ()
