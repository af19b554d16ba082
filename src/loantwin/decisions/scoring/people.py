"""Who acts on the register: names as given, or the account that runs the program."""

from __future__ import annotations

import os
import pwd
import unicodedata

from loantwin.errors import UsageError, expected, visible

LONGEST = 80


def person(name: str | None, field: str = "by") -> str:
    """Return a name without blanks around it; None is the account that runs the program.

    Raises
    ------
    UsageError : no text, an empty one, one of more than 80 signs or with control signs.
    """
    if name is None:
        try:
            return pwd.getpwuid(os.getuid()).pw_name
        except KeyError:  # an account without a name, as in some containers
            return f"uid {os.getuid()}"
    told = name.strip() if isinstance(name, str) else ""
    if not 0 < len(told) <= LONGEST or visible(told) != told or "\n" in told:
        raise UsageError(expected(f"a name of 1 to {LONGEST} signs in one line", name), field=field)
    return told


def same_person(one: str | None, other: str | None) -> bool:
    """Return whether two names are one person's: by their letters and digits alone, upper case aside.

    Names are as told, nobody has proved to bear them: what could be one person's is taken as one.
    """
    told = [None if name is None else _letters(name) for name in (one, other)]
    return told[0] is not None and told[0] == told[1]


def _letters(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(sign for sign in plain if sign.isalnum()) or plain.strip()
