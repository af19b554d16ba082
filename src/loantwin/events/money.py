"""Minor units: events count money in whole cents (int64), tables hold it in the book's currency (float64)."""

from __future__ import annotations

from loantwin.errors import LogError, expected

_WITHOUT = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"
_DIGITS = {
    code: digits for digits, codes in ((0, _WITHOUT), (3, _THREE), (4, _FOUR)) for code in codes.split()
}


def minor_units(currency: str) -> int:
    """Return how many minor units make one unit of a currency (ISO 4217:2015 with amendments, list one).

    Raises
    ------
    LogError : the code is not three capital letters.
    """
    if len(currency) != 3 or not (currency.isascii() and currency.isalpha() and currency.isupper()):
        raise LogError(expected("an ISO 4217 code such as USD", currency), field="currency")
    return int(10 ** _DIGITS.get(currency, 2))
