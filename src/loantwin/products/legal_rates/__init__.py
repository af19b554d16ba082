"""The yearly rate of a loan's costs as laws have it shown: one function a rule, over the same dated flows.

A flow is (date, amount), positive to the lender: what is paid out is negative, what comes in positive.
"""

from loantwin.products.legal_rates.china import china_rate as china_rate
from loantwin.products.legal_rates.effective import effective_annual_rate as effective_annual_rate
from loantwin.products.legal_rates.effective import eu_apr as eu_apr
from loantwin.products.legal_rates.effective import uk_apr as uk_apr
from loantwin.products.legal_rates.legal_rate import LegalRate as LegalRate
from loantwin.products.legal_rates.us import us_apr as us_apr
from loantwin.products.legal_rates.us import us_apr_of_unit_periods as us_apr_of_unit_periods
