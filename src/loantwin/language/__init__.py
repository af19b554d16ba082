"""What people read in another language: one catalogue each, looked up by the program's English."""

from loantwin.language.language import (
    LANGUAGES,
    NAMES,
    also_spoken,
    asked_languages,
    said,
    said_under,
    speaking,
    spoken,
    tag,
)

__all__ = [
    "LANGUAGES", "NAMES", "also_spoken", "asked_languages", "said", "said_under", "speaking", "spoken", "tag",
]  # fmt: skip
