"""Every error that the engine raises on purpose, as one tree.

    FacError                    catch this to catch all of them
    ├── WrongUse                the request itself is wrong (exit code 2 in the CLI)
    │   ├── BadInput            a file or record cannot be read: names file, line and mend
    │   ├── ModelMismatch       model, layer and SAE do not fit each other
    │   ├── NotFound            no such run, model, SAE or feature
    │   └── EmptyAnchor         the anchor has no feature to cover: FAC is undefined
    ├── MissingExtra            an optional package is not installed
    ├── HubUnreachable          the hub failed, or a download broke off
    ├── StoreBusy               somebody else is writing the same run
    ├── Conflict                somebody else decided the same item in the meantime
    ├── NotAllowed              who signed in may not do this, or not any more
    ├── CannotWrite             a disk is full, or a folder may not be written to
    ├── OutOfMemory             the memory of the machine did not suffice
    ├── Stopped                 whoever watches the task's progress asked it to end
    └── RunBroken               a run file is damaged or of another version

A message says what is wrong and what to do next, in one or two sentences.
"""


class FacError(Exception):
    """Base of all errors raised on purpose."""


class WrongUse(FacError):
    """The request cannot be carried out as it was put."""


class BadInput(WrongUse):
    """A file or record cannot be read; the message names the file, the line and the mend."""


class ModelMismatch(WrongUse):
    """Model, layer and SAE do not fit each other; the message names both sides."""


class NotFound(WrongUse):
    """There is no such run, model, SAE or feature; the message lists what there is."""


class EmptyAnchor(WrongUse):
    """The anchor has no relevant active feature, so FAC has no denominator."""


class MissingExtra(FacError):
    """An optional package is not installed; the message has the command that installs it."""


class HubUnreachable(FacError):
    """The hub failed, or a download broke off; the same request goes on where it stopped."""


class StoreBusy(FacError):
    """Another process is building the same run."""


class Conflict(FacError):
    """Somebody else decided about the same item after this author looked.

    Attributes:
        event: the decision that came first (`fac_core.store.events.Event`).
    """

    def __init__(self, message: str, event: object) -> None:
        super().__init__(message)
        self.event = event


class NotAllowed(FacError):
    """Whoever signed in may not do this: the role, the session, a limit or the place of a file stands against it."""


class CannotWrite(FacError):
    """A disk is full, or a folder may not be written to; the message names the folder. What is finished stays."""


class OutOfMemory(FacError):
    """The memory of the machine did not suffice; what is finished stays."""


class Stopped(FacError):
    """Whoever watches the task asked it to end; what is finished is safe, and the same task goes on from there."""


class RunBroken(FacError):
    """A run file is damaged, or was written by a version that this one cannot read."""
