"""How DuckDB is opened: it fetches no extension, and in a file from somebody else it reaches nothing but that file."""

from __future__ import annotations

NO_EXTENSIONS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,  # a table that is not there is not looked for among Python's variables
}
"""For files that are built here."""

SEALED: dict[str, str | bool | int | float | list[str]] = {
    **NO_EXTENSIONS,
    "enable_external_access": False,
    "lock_configuration": True,
}
"""For files that are read: no SQL that lies in them can open another file or an address, or undo this."""
