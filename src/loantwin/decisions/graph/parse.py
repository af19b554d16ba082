"""ZEN text to a tree: expressions, and the unary tests of table cells, in which `$` is the column's field.

Bindings, loosest first: `? :`, or, and, comparison and in, + -, * / %, ^ (from the right), ??, signs.
"""

from __future__ import annotations

from functools import lru_cache

from loantwin.decisions.graph.syntax import (
    Binary,
    Call,
    Constant,
    Index,
    Interval,
    ListOf,
    Member,
    Method,
    Name,
    ObjectOf,
    Template,
    Ternary,
    Token,
    Tree,
    Unary,
    tokens,
    walk,
)
from loantwin.errors import ConfigError, expected

FIELD = Name("$")
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "in", "not in")
BINDING = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(COMPARISONS, 3),
    "+": 4,
    "-": 4,
    "*": 5,
    "/": 5,
    "%": 5,
    "^": 6,
    "??": 7,
}
SIGNS = 8
FLAG_CALLS = ("contains", "startsWith", "endsWith", "matches", "some", "all", "none", "one", "isNumeric")
CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
END = Token("end", "")


@lru_cache(maxsize=4096)
def parse_expression(text: str) -> Tree:
    """Return the tree of an expression.

    Raises
    ------
    ConfigError : text that is no expression.
    """
    reader = _Reader(text, test=False)
    tree = reader.expression()
    reader.end()
    return tree


@lru_cache(maxsize=4096)
def parse_test(text: str) -> Tree:
    """Return the tree of a cell whose column has a field: alternatives between commas, each a test of `$`.

    Raises
    ------
    ConfigError : text that is no test.
    """
    reader = _Reader(text, test=True)
    tree = as_test(reader.expression())
    while reader.take(","):
        tree = Binary("or", tree, as_test(reader.expression()))
    reader.end()
    return tree


def as_test(tree: Tree) -> Tree:
    """Return a cell's expression as a test of `$`: a bare value is compared with it, a range holds it."""
    if isinstance(tree, Binary) and tree.sign in ("and", "or"):
        return Binary(tree.sign, as_test(tree.left), as_test(tree.right))
    if isinstance(tree, Binary) and tree.sign in COMPARISONS:
        return tree
    if any(part == FIELD for part in walk(tree)):
        return tree
    if isinstance(tree, Interval | ListOf):
        return Binary("in", FIELD, tree)
    if isinstance(tree, Call) and tree.name in FLAG_CALLS:
        return tree
    return Binary("==", FIELD, tree)


class _Reader:
    """Reads tokens from left to right; `test`: a comparison may lack its left side, which is `$`."""

    def __init__(self, text: str, *, test: bool) -> None:
        self.text, self.test = text, test
        self.words, self.at = tokens(text), 0

    def now(self, ahead: int = 0) -> Token:
        place = self.at + ahead
        return self.words[place] if place < len(self.words) else END

    def take(self, word: str) -> bool:
        if self.now().kind in ("sign", "name") and self.now().word == word:
            self.at += 1
            return True
        return False

    def need(self, word: str) -> None:
        if not self.take(word):
            raise self.wrong(repr(word))

    def wrong(self, what: str) -> ConfigError:
        return ConfigError(
            expected(f"{what} before {self.now().word or 'the end'!r}", self.text)
            + "; only ZEN as zen-engine reads it is understood"
        )

    def end(self) -> None:
        if self.now() is not END:
            raise self.wrong("an end")

    def expression(self) -> Tree:
        condition = self.binary(1)
        if not self.take("?"):
            return condition
        yes = self.plain()
        self.need(":")
        return Ternary(condition, yes, self.plain())

    def plain(self) -> Tree:
        """Return an expression in which a left side must stand."""
        before, self.test = self.test, False
        tree = self.expression()
        self.test = before
        return tree

    def sign(self) -> str:
        word = self.now()
        if word.kind not in ("sign", "name"):
            return ""
        if word.word == "not" and self.now(1).word == "in":
            return "not in"
        return word.word if word.word in BINDING else ""

    def binary(self, least: int) -> Tree:
        missing_left = self.test and self.sign() in COMPARISONS
        left: Tree = FIELD if missing_left else self.signed()
        while (sign := self.sign()) and BINDING[sign] >= least:
            self.at += 2 if sign == "not in" else 1
            if BINDING[sign] > 2:  # right of a comparison no test begins
                before, self.test = self.test, False
                right = self.binary(BINDING[sign] + (sign != "^"))
                self.test = before
            else:
                right = self.binary(BINDING[sign] + 1)
            left = Binary(sign, left, right)
        return left

    def signed(self) -> Tree:
        for word, sign in (("-", "-"), ("+", "+"), ("!", "not"), ("not", "not")):
            if self.take(word):
                operand = self.signed()
                if sign == "-" and isinstance(operand, Constant) and type(operand.value) is float:
                    return Constant(-operand.value)
                return operand if sign == "+" else Unary(sign, operand)
        return self.after(self.first())

    def after(self, tree: Tree) -> Tree:
        while True:
            if self.take("."):
                name = self.now()
                if name.kind != "name":
                    raise self.wrong("a name")
                self.at += 1
                tree = (
                    Method(tree, name.word, self.arguments()) if self.take("(") else Member(tree, name.word)
                )
            elif self.now().word == "[" and not isinstance(tree, Constant):
                self.at += 1
                key = self.plain()
                self.need("]")
                named = isinstance(key, Constant) and isinstance(key.value, str)
                tree = Member(tree, key.value) if named else Index(tree, key)  # type: ignore[union-attr,arg-type]
            else:
                return tree

    def arguments(self) -> tuple[Tree, ...]:
        found: list[Tree] = []
        while not self.take(")"):
            found.append(self.plain())
            if self.now().word != ")":
                self.need(",")
        return tuple(found)

    def first(self) -> Tree:
        word = self.now()
        if word is END:
            raise self.wrong("a value")
        self.at += 1
        if word.kind == "number":
            return Constant(float(word.word.replace("_", "")))
        if word.kind == "text":
            return Constant(word.word[1:-1])
        if word.kind == "template":
            return _template(word.word[1:-1])
        if word.kind == "name":
            if word.word in CONSTANTS:
                return Constant(CONSTANTS[word.word])
            return Call(word.word, self.arguments()) if self.take("(") else Name(word.word)
        if word.word == "{":
            return self.object()
        if word.word in ("[", "(", "]"):
            return self.bracket(word.word)
        self.at -= 1
        raise self.wrong("a value")

    def bracket(self, opened: str) -> Tree:
        if opened == "[" and self.take("]"):
            return ListOf(())
        low = self.plain()
        if self.take(".."):
            high, closed = self.plain(), self.now().word
            if opened == "]" or closed not in ("]", ")"):  # the engine reads ]1..5[ as outside of it
                raise ConfigError(expected("a range between [ or ( and ] or )", self.text))
            self.at += 1
            return Interval(low, high, opened == "[", closed == "]")
        if opened == "(":
            self.need(")")
            return low
        if opened == "]":
            raise ConfigError(expected("a range between [ or ( and ] or )", self.text))
        items = [low]
        while self.take(","):
            items.append(self.plain())
        self.need("]")
        return ListOf(tuple(items))

    def object(self) -> Tree:
        keys: list[str] = []
        values: list[Tree] = []
        while not self.take("}"):
            word = self.now()
            if word.kind not in ("text", "name", "number"):
                raise self.wrong("a key")
            self.at += 1
            keys.append(word.word[1:-1] if word.kind == "text" else word.word)
            self.need(":")
            values.append(self.plain())
            if self.now().word != "}":
                self.need(",")
        return ObjectOf(tuple(keys), tuple(values))


def _template(text: str) -> Tree:
    parts: list[Tree] = []
    while "${" in text:
        before, _, rest = text.partition("${")
        inner, closed, text = rest.partition("}")
        if not closed:
            raise ConfigError(expected("a } after ${ in a template", inner))
        parts += [Constant(before)] if before else []
        parts.append(parse_expression(inner))
    parts += [Constant(text)] if text else []
    return Template(tuple(parts))
