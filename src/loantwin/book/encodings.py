"""Which letters a file's bytes stand for: told by the mapping, else UTF, else the one encoding in which
they make sense.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from loantwin.book.layout import Told
from loantwin.errors import TapeError, expected

SINGLE_BYTE = ("cp1252", "cp1250", "iso8859_2", "mac_roman", "cp852", "cp850", "cp1251", "cp1253", "cp1254")
"""Tried in this order: where several give the same letters, the first is named."""

RARER = ("koi8_r", "cp866")
"""Tried where the usual ones make no words."""

MANY_BYTES = ("cp932", "gb18030", "big5", "euc_jp", "cp949")

ALPHABETS = {
    "German": "äöüß",
    "French": "àâæçéèêëîïôœùûüÿ",
    "Spanish": "áéíñóúü",
    "Portuguese": "áâãàçéêíóôõúü",
    "Italian": "àèéìíîòóùú",
    "Nordic": "åäæéöøü",
    "Icelandic": "áæðéíóöþúý",
    "Dutch": "áéëïíóöúü",
    "Polish": "ąćęłńóśźż",
    "Czech": "áčďéěíňóřšťúůýž",
    "Slovak": "áäčďéíĺľňóôŕšťúýž",
    "Hungarian": "áéíóöőúüű",
    "South Slavic": "čćđšž",
    "Romanian": "ăâîșşțţ",
    "Turkish": "âçğıİîöşü",
    "Russian": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "Ukrainian": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "Greek": "αάβγδεέζηήθιίϊΐκλμνξοόπρσςτυύϋΰφχψωώ",
}
"""Letters beyond a to z of the languages that loan tapes are written in."""

WESTERN = ("German", "French", "Spanish", "Portuguese", "Italian", "Nordic", "Icelandic", "Dutch")

MARKS = frozenset("€§°’‘“”„‚«»–—…·•©™\u00a0")
"""Signs that stand beside words in any of these languages."""

RARE_MARKS = frozenset("£¥ºª®½¼¾²³×÷±µ¿¡")
"""Signs that stand beside words too, but never behind a letter beyond ASCII."""

_SETS = {name: frozenset(letters + letters.upper()) for name, letters in ALPHABETS.items()}
_SAMPLE = 200_000
_HIGH = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")
_WORD = re.compile(r"[^\W\d_]+")
_TOUCHED = re.compile(
    r"\d[^\W\d_\x00-\x7f]|[^\W\d_\x00-\x7f]\d|[^\W\d_\x00-\x7f][" + "".join(sorted(RARE_MARKS)) + "]"
)
_TOGETHER = re.compile(r"[^\x00-\x7f]{2}")
_GLUED = re.compile(r"[a-z][^\x00-\x7f]|[^\x00-\x7f][a-z]")


@dataclass(frozen=True)
class Text:
    """A file as UTF-8 without a byte-order mark, the encoding it came in, and what had to be assumed."""

    utf8: bytes
    encoding: str
    said: tuple[str, ...] = ()


def decoded(content: bytes, told: Told, path: Path) -> Text:
    """Return a file's text.

    UTF-8 and UTF-16 with its mark are known by their bytes. Other bytes are read in the one encoding that
    makes
    words of one language of them, or that spells the column names the mapping reads; where several would and
    differ, Windows-1252 wins if it is among them, else the file is refused.

    Raises
    ------
    TapeError : broken UTF, zero bytes, UTF-32, an encoding that the bytes do not fit or that cannot be told;
        the message names the mapping's key.
    """
    if told.encoding is not None:
        return _as_told(content, told.encoding, path)
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _utf_16(content, path)
    if content.find(b"\x00") >= 0:
        was = "binary content (a zero byte); text in UTF-16 without a mark needs `encoding` in the mapping"
        raise TapeError(expected("text, Parquet or Excel", was), file=path)
    marked = content[:3] == b"\xef\xbb\xbf"
    if marked:
        content = content[3:]
    if content.isascii():
        return Text(content, "utf-8-sig" if marked else "ascii")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        if marked:
            raise TapeError(
                f"expected valid UTF-8 after its byte-order mark, was: {error.reason}", file=path
            ) from error
        return _guessed(content, told, path)
    return Text(content, "utf-8-sig" if marked else "utf-8")


def _as_told(content: bytes, encoding: str, path: Path) -> Text:
    try:
        text = content.decode(encoding)
    except (LookupError, UnicodeDecodeError) as error:
        raise TapeError(f"expected text in {encoding}, was: {error}", file=path, field="encoding") from error
    return Text(text.removeprefix("\ufeff").encode(), encoding)


def _utf_16(content: bytes, path: Path) -> Text:
    if content[:4] == b"\xff\xfe\x00\x00":
        raise TapeError(expected("UTF-8, UTF-16 or a single-byte encoding", "UTF-32"), file=path)
    try:
        return Text(content.decode("utf-16").encode(), "utf-16")
    except UnicodeDecodeError as error:
        raise TapeError(
            f"expected valid UTF-16 after its byte-order mark, was: {error.reason}", file=path
        ) from error


def _guessed(content: bytes, told: Told, path: Path) -> Text:
    sample = _sample(content)
    readings = {
        name: text for name in (*SINGLE_BYTE, *MANY_BYTES) if (text := _read(sample, name)) is not None
    }
    found = {name: _languages(text, name) for name, text in readings.items()}
    sensible = _spelling(content, told, readings) or [name for name, languages in found.items() if languages]
    if not sensible and "cp1252" in readings and _western(readings["cp1252"]):
        sensible = ["cp1252"]
    if not sensible:
        rarer = {name: text for name in RARER if (text := _read(sample, name)) is not None}
        sensible = _spelling(content, told, rarer) or [n for n, text in rarer.items() if _languages(text, n)]
        readings, found = {**readings, **rarer}, {**found, **{name: [] for name in rarer}}
    chosen = _chosen(sensible, readings, found)
    text = None if chosen is None else _read(content, chosen)
    if chosen is None or text is None:
        usual = ("cp1252", "cp1250", "mac_roman", "gb18030", "cp932")
        shown = [name for name in sensible or usual if name in readings]
        choices = ", ".join(f"{_excerpt(readings[name])!r} in {name}" for name in shown)
        what = f"`encoding` in the mapping, since the file is not UTF-8: it reads {choices}"
        raise TapeError(expected(what, "none"), file=path, field="encoding")
    return Text(text.encode(), chosen, (_said(chosen, readings, sensible),))


def _chosen(sensible: list[str], readings: dict[str, str], found: dict[str, list[str]]) -> str | None:
    """Return the encoding to read in: all sensible ones read the same, or Windows-1252 is among them.

    Icelandic in it looks like Turkish in its own encoding: then nothing is chosen.
    """
    if len({readings[name] for name in sensible}) == 1:
        return sensible[0]
    return "cp1252" if "cp1252" in sensible and found["cp1252"] != ["Icelandic"] else None


def _languages(text: str, encoding: str) -> list[str]:
    """Return the languages in which a reading of bytes beyond ASCII makes words; none where it does not.

    Of one byte a letter: the letters belong to the language's alphabet, and words are formed as words are. Of
    two and more: nearly all signs are in common use, and few touch small Latin letters.
    """
    if encoding in MANY_BYTES:
        return [encoding] if _TOGETHER.search(text) and _common_share(text, encoding) > 0.95 else []
    letters = frozenset(sign for sign in text if ord(sign) > 127) - MARKS - RARE_MARKS
    if _malformed(text):
        return []
    return [name for name, alphabet in _SETS.items() if letters <= alphabet]


def _western(text: str) -> bool:
    """Return whether the words are of several western European languages together."""
    letters = frozenset(sign for sign in text if ord(sign) > 127) - MARKS - RARE_MARKS
    return letters <= frozenset().union(*(_SETS[name] for name in WESTERN)) and not _malformed(text)


def _malformed(text: str) -> bool:
    """Return whether a word is none of any language written with an alphabet.

    Letters of two scripts, a capital beyond ASCII behind a small letter, nearly all letters beyond ASCII
    among
    Latin ones, a final sigma inside, a letter beyond ASCII beside a digit, or a mark where none stands.
    """
    if _TOUCHED.search(text):
        return True
    for word in _WORD.findall(text):
        beyond = [letter for letter in word if ord(letter) > 127]
        if not beyond:
            continue
        latin = all(ord(letter) < 0x370 for letter in word)
        if not latin and any(letter.isascii() for letter in word):
            return True
        if (latin and len(word) > 4 and len(beyond) > 0.7 * len(word)) or "ς" in word[:-1]:
            return True
        if any(sign.isupper() and before.islower() for before, sign in pairwise(word) if ord(sign) > 127):
            return True
    return False


def _common_share(text: str, encoding: str) -> float:
    """Return the share of signs beyond ASCII that are in common use and touch no small Latin letter."""
    signs = sum(ord(sign) > 127 for sign in text)
    good = sum(ord(sign) > 127 and _common(sign, encoding) for sign in text)
    return (good - 2 * len(_GLUED.findall(text))) / max(signs, 1)


def _common(sign: str, encoding: str) -> bool:
    """Return whether a sign is of the first level of its national standard, or of its own script."""
    point = ord(sign)
    if 0x3000 <= point <= 0x303F or 0xFF00 <= point <= 0xFF60 or 0xFFE0 <= point <= 0xFFE6:
        return True  # punctuation and wide forms
    if encoding in ("cp932", "euc_jp") and (0x3040 <= point <= 0x30FF or 0xFF61 <= point <= 0xFF9F):
        return True  # kana
    if encoding == "cp949":
        return _lead(sign, "euc_kr", 0xB0, 0xC8)
    if not 0x4E00 <= point <= 0x9FFF:
        return False
    level = {"gb18030": ("gb2312", 0xB0, 0xD7), "big5": ("big5", 0xA4, 0xC6)}
    return _lead(sign, *level.get(encoding, ("euc_jp", 0xB0, 0xCF)))


def _lead(sign: str, standard: str, low: int, high: int) -> bool:
    try:
        return low <= sign.encode(standard)[0] <= high
    except UnicodeEncodeError:
        return False


def _spelling(content: bytes, told: Told, readings: dict[str, str]) -> list[str]:
    """Return the encodings in which the head of the file spells most wanted column names beyond ASCII."""
    wanted = [name for spellings in told.wanted for name in spellings if not name.isascii()]
    head = content[:_SAMPLE]
    counts = {name: sum(word in head.decode(name, errors="ignore") for word in wanted) for name in readings}
    most = max(counts.values(), default=0)
    return [name for name, count in counts.items() if count == most] if most else []


def _sample(content: bytes) -> bytes:
    """Return lines that hold bytes beyond ASCII, whole, as many as fit."""
    parts, size = [], 0
    for found in _HIGH.finditer(content):
        parts.append(found[0])
        size += len(found[0])
        if size > _SAMPLE:
            break
    return b"\n".join(parts)


def _read(content: bytes, encoding: str) -> str | None:
    try:
        return codecs.decode(content, encoding)
    except UnicodeDecodeError:
        return None


def _said(name: str, readings: dict[str, str], sensible: list[str]) -> str:
    words = f"not valid UTF-8: read as {name}"
    others = [other for other in sensible if readings[other] != readings.get(name)]
    if others:
        words += f" ({_excerpt(readings[name])!r}; in {others[0]} it reads {_excerpt(readings[others[0]])!r})"
    return words + "; `encoding` in the mapping says otherwise"


def _excerpt(text: str) -> str:
    """Return a word that holds a letter beyond ASCII."""
    return next((word for word in re.findall(r"[^\s,;|\"]+", text) if not word.isascii()), "")[:30]
