"""A digital twin for loan portfolios: one model for provisions, stress tests, decisions and learning.

Every command is a function here, under its own word; `open` returns the twin that they take. Names are loaded
when first asked for, so that importing the package stays light; type checkers see each as it is.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loantwin.conformance.format import check_format as check_format
    from loantwin.conformance.loss_model import check_loss_model as check_loss_model
    from loantwin.conformance.product import check_product as check_product
    from loantwin.conformance.standard import check_standard as check_standard
    from loantwin.conformance.transition_model import check_transition_model as check_transition_model
    from loantwin.decisions.check import check_policy as check_policy
    from loantwin.decisions.graph_policy import open_policy as open_policy
    from loantwin.decisions.load import load_policy as load_policy
    from loantwin.errors import InputError as InputError
    from loantwin.errors import LoantwinError as LoantwinError
    from loantwin.interfaces.compliance.compliance import compliance as compliance
    from loantwin.interfaces.demo import demo as demo
    from loantwin.interfaces.report.report.report import report as report
    from loantwin.interfaces.report.validate.validate import validate as validate
    from loantwin.interfaces.why import why as why
    from loantwin.outlook.outlook import Outlook as Outlook
    from loantwin.servicing.account import Account as Account
    from loantwin.synthesis.example_book import example_book as example_book
    from loantwin.twin import Twin as Twin
    from loantwin.twin import open as open
    from loantwin.verbs.account_replay import account_replay as account_replay
    from loantwin.verbs.backtest.backtest import backtest as backtest
    from loantwin.verbs.backtest_rates import backtest_rates as backtest_rates
    from loantwin.verbs.capital.capital import capital as capital
    from loantwin.verbs.capital.explain import capital_explain as capital_explain
    from loantwin.verbs.collections_fit import collections_fit as collections_fit
    from loantwin.verbs.collections_plan import collections_plan as collections_plan
    from loantwin.verbs.compare import compare as compare
    from loantwin.verbs.compare import happened as happened
    from loantwin.verbs.components import components as components
    from loantwin.verbs.concentration import concentration as concentration
    from loantwin.verbs.config_show import config_show as config_show
    from loantwin.verbs.curves import curves as curves
    from loantwin.verbs.decide import decide as decide
    from loantwin.verbs.decide import decider as decider
    from loantwin.verbs.decide import recorder as recorder
    from loantwin.verbs.decision_compare import decision_compare as decision_compare
    from loantwin.verbs.decision_list import decision_list as decision_list
    from loantwin.verbs.decision_stop import decision_stop as decision_stop
    from loantwin.verbs.evidence import evidence as evidence
    from loantwin.verbs.fairness import fairness as fairness
    from loantwin.verbs.fairness_search import fairness_search as fairness_search
    from loantwin.verbs.fit.fit import fit as fit
    from loantwin.verbs.forecast import forecast as forecast
    from loantwin.verbs.journal import journal as journal
    from loantwin.verbs.levers_fit import levers_fit as levers_fit
    from loantwin.verbs.loan import loan as loan
    from loantwin.verbs.log_verify import log_verify as log_verify
    from loantwin.verbs.loss.loss import loss as loss
    from loantwin.verbs.model_approve import model_approve as model_approve
    from loantwin.verbs.model_list import model_list as model_list
    from loantwin.verbs.model_place import model_place as model_place
    from loantwin.verbs.model_register import model_register as model_register
    from loantwin.verbs.model_reproduce import model_reproduce as model_reproduce
    from loantwin.verbs.model_show import model_show as model_show
    from loantwin.verbs.movement import movement as movement
    from loantwin.verbs.policy_check import policy_check as policy_check
    from loantwin.verbs.policy_diff import policy_diff as policy_diff
    from loantwin.verbs.policy_simulate import policy_simulate as policy_simulate
    from loantwin.verbs.policy_test import policy_test as policy_test
    from loantwin.verbs.price.price import price as price
    from loantwin.verbs.priors import priors as priors
    from loantwin.verbs.process_check import process_check as process_check
    from loantwin.verbs.process_run import process_run as process_run
    from loantwin.verbs.process_simulate import process_simulate as process_simulate
    from loantwin.verbs.provisions.explain import provisions_explain as provisions_explain
    from loantwin.verbs.provisions.provisions import provisions as provisions
    from loantwin.verbs.ratings import ratings as ratings
    from loantwin.verbs.review_assign import review_assign as review_assign
    from loantwin.verbs.review_decide import review_decide as review_decide
    from loantwin.verbs.review_list import review_list as review_list
    from loantwin.verbs.schedule import schedule as schedule
    from loantwin.verbs.schema import schema as schema
    from loantwin.verbs.score_behaviour import score_behaviour as score_behaviour
    from loantwin.verbs.score_card import score_card as score_card
    from loantwin.verbs.score_cutoff import score_cutoff as score_cutoff
    from loantwin.verbs.score_explain import score_explain as score_explain
    from loantwin.verbs.score_predict import score_predict as score_predict
    from loantwin.verbs.score_train import score_train as score_train
    from loantwin.verbs.sensitivity import sensitivity as sensitivity
    from loantwin.verbs.simulate import simulate as simulate
    from loantwin.verbs.stress.stress import stress as stress
    from loantwin.verbs.survival_train import survival_train as survival_train
    from loantwin.verbs.synthetic import synthetic as synthetic
    from loantwin.verbs.tape_check import tape_check as tape_check
    from loantwin.verbs.tape_map import tape_map as tape_map
    from loantwin.verbs.twin_create import twin_create as twin_create

    __version__: str

_EXPORTS = {
    "open": "loantwin.twin",
    "Twin": "loantwin.twin",
    "Outlook": "loantwin.outlook.outlook",
    "Account": "loantwin.servicing.account",
    "account_replay": "loantwin.verbs.account_replay",
    "tape_map": "loantwin.verbs.tape_map",
    "tape_check": "loantwin.verbs.tape_check",
    "twin_create": "loantwin.verbs.twin_create",
    "synthetic": "loantwin.verbs.synthetic",
    "example_book": "loantwin.synthesis.example_book",
    "demo": "loantwin.interfaces.demo",
    "fit": "loantwin.verbs.fit.fit",
    "ratings": "loantwin.verbs.ratings",
    "forecast": "loantwin.verbs.forecast",
    "simulate": "loantwin.verbs.simulate",
    "compare": "loantwin.verbs.compare",
    "happened": "loantwin.verbs.compare",
    "loss": "loantwin.verbs.loss.loss",
    "stress": "loantwin.verbs.stress.stress",
    "priors": "loantwin.verbs.priors",
    "provisions": "loantwin.verbs.provisions.provisions",
    "provisions_explain": "loantwin.verbs.provisions.explain",
    "movement": "loantwin.verbs.movement",
    "journal": "loantwin.verbs.journal",
    "capital": "loantwin.verbs.capital.capital",
    "capital_explain": "loantwin.verbs.capital.explain",
    "concentration": "loantwin.verbs.concentration",
    "curves": "loantwin.verbs.curves",
    "components": "loantwin.verbs.components",
    "schedule": "loantwin.verbs.schedule",
    "schema": "loantwin.verbs.schema",
    "score_cutoff": "loantwin.verbs.score_cutoff",
    "score_behaviour": "loantwin.verbs.score_behaviour",
    "score_card": "loantwin.verbs.score_card",
    "score_explain": "loantwin.verbs.score_explain",
    "score_predict": "loantwin.verbs.score_predict",
    "score_train": "loantwin.verbs.score_train",
    "fairness": "loantwin.verbs.fairness",
    "fairness_search": "loantwin.verbs.fairness_search",
    "model_register": "loantwin.verbs.model_register",
    "model_list": "loantwin.verbs.model_list",
    "model_show": "loantwin.verbs.model_show",
    "model_approve": "loantwin.verbs.model_approve",
    "model_place": "loantwin.verbs.model_place",
    "model_reproduce": "loantwin.verbs.model_reproduce",
    "sensitivity": "loantwin.verbs.sensitivity",
    "survival_train": "loantwin.verbs.survival_train",
    "backtest": "loantwin.verbs.backtest.backtest",
    "backtest_rates": "loantwin.verbs.backtest_rates",
    "report": "loantwin.interfaces.report.report.report",
    "validate": "loantwin.interfaces.report.validate.validate",
    "compliance": "loantwin.interfaces.compliance.compliance",
    "decide": "loantwin.verbs.decide",
    "decider": "loantwin.verbs.decide",
    "recorder": "loantwin.verbs.decide",
    "evidence": "loantwin.verbs.evidence",
    "decision_compare": "loantwin.verbs.decision_compare",
    "decision_list": "loantwin.verbs.decision_list",
    "decision_stop": "loantwin.verbs.decision_stop",
    "load_policy": "loantwin.decisions.load",
    "open_policy": "loantwin.decisions.graph_policy",
    "price": "loantwin.verbs.price.price",
    "policy_check": "loantwin.verbs.policy_check",
    "policy_diff": "loantwin.verbs.policy_diff",
    "policy_simulate": "loantwin.verbs.policy_simulate",
    "policy_test": "loantwin.verbs.policy_test",
    "levers_fit": "loantwin.verbs.levers_fit",
    "collections_fit": "loantwin.verbs.collections_fit",
    "collections_plan": "loantwin.verbs.collections_plan",
    "process_check": "loantwin.verbs.process_check",
    "process_run": "loantwin.verbs.process_run",
    "process_simulate": "loantwin.verbs.process_simulate",
    "review_list": "loantwin.verbs.review_list",
    "review_assign": "loantwin.verbs.review_assign",
    "review_decide": "loantwin.verbs.review_decide",
    "loan": "loantwin.verbs.loan",
    "why": "loantwin.interfaces.why",
    "log_verify": "loantwin.verbs.log_verify",
    "config_show": "loantwin.verbs.config_show",
    "LoantwinError": "loantwin.errors",
    "InputError": "loantwin.errors",
    "check_format": "loantwin.conformance.format",
    "check_loss_model": "loantwin.conformance.loss_model",
    "check_policy": "loantwin.decisions.check",
    "check_product": "loantwin.conformance.product",
    "check_standard": "loantwin.conformance.standard",
    "check_transition_model": "loantwin.conformance.transition_model",
}

# Trap: imports at the top. Polars, Numba and SciPy take half a second that `--help` does not have.
__all__ = list(_EXPORTS)

if not TYPE_CHECKING:  # a checker that saw it would take any name for granted

    def __getattr__(name: str) -> Any:
        """Load an exported name when it is first asked for."""
        if name == "__version__":
            return import_module("importlib.metadata").version("loantwin")
        if name not in _EXPORTS:
            raise AttributeError(_unknown(name))
        return getattr(import_module(_EXPORTS[name]), name)

    def _unknown(name: str) -> str:
        near = import_module("difflib").get_close_matches(name, _EXPORTS, n=1)
        return f"module 'loantwin' has no attribute {name!r}" + (f"; did you mean {near[0]}?" if near else "")


def __dir__() -> list[str]:
    return sorted(__all__)
