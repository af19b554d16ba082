"""How many minor units make one unit of a currency."""

from __future__ import annotations

from loantwin.errors import UsageError, expected

_WITHOUT = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"
_DIGITS = {
    code: digits for digits, codes in ((0, _WITHOUT), (3, _THREE), (4, _FOUR)) for code in codes.split()
}


def units_of(currency: str) -> int:
    """Return how many minor units make one unit of a currency (ISO 4217:2015 with amendments, list one).

    Raises
    ------
    UsageError : the code is not three capital letters.
    """
    text = currency if isinstance(currency, str) else ""
    if len(text) != 3 or not (text.isascii() and text.isalpha() and text.isupper()):
        raise UsageError(expected("an ISO 4217 code such as USD", currency), field="currency")
    return int(10 ** _DIGITS.get(text, 2))
