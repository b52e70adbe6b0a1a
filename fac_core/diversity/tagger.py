"""Parts of speech without a download: TextBlob's lexicon and rules for English, which its wheel carries."""

from __future__ import annotations

from collections.abc import Iterable

from fac_core.errors import MissingExtra


def part_of_speech_tags(texts: Iterable[str]) -> list[list[str]]:
    """Penn Treebank tags of each text's words. English: words of other languages are mostly called nouns.

    Raises `MissingExtra` without TextBlob.
    """
    try:
        from textblob.en import tag
    except ImportError as error:
        raise MissingExtra("Tags need TextBlob. Run: pip install 'fac-explorer[tags]'") from error
    return [[found for _, found in tag(text)] for text in texts]
