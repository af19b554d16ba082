import pytest

from loantwin.config import Config, chosen, load
from loantwin.errors import ConfigError


def origins(settings):
    return {setting.name: (setting.value, setting.origin) for setting in settings}


def test_each_source_overrides_the_one_before(tmp_path):
    file = tmp_path / "twin.toml"
    file.write_text("format = 1\n[config.run]\npaths = 10\nmonths = 12\nseed = 1\n")
    config, settings = load(file, {"LOANTWIN_RUN_MONTHS": "24", "LOANTWIN_RUN_SEED": "2"})
    assert (config.run.paths, config.run.months, config.run.seed) == (10, 24, 2)
    known = origins(settings)
    assert known["run.paths"] == (10, str(file))
    assert known["run.months"] == (24, "LOANTWIN_RUN_MONTHS")
    assert known["run.seed"] == (2, "LOANTWIN_RUN_SEED")
    assert known["macro.monthly_lag"] == (Config().macro.monthly_lag, "default")


def test_an_argument_overrides_all_and_none_leaves_a_value():
    config, _ = load(None, {"LOANTWIN_RUN_PATHS": "10"})
    asked = chosen(config, months=7, paths=None, seed=3, supported_months=12, lgd="frye-jacobs")
    assert (asked.run.months, asked.run.paths, asked.run.seed) == (7, 10, 3)
    assert (asked.macro.supported_months, asked.loss.lgd) == (12, "frye-jacobs")
    assert asked.ifrs9 is config.ifrs9
    assert chosen(config) == config
    for wrong in ({"months": 0}, {"paths": "many"}, {"seed": True}, {"supported_months": 1.5}):
        with pytest.raises(ConfigError) as caught:
            chosen(config, **wrong)
        assert caught.value.field == next(iter(wrong))


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("[config.run]\npath = 10\n", "run.path"),
        ("[config.walk]\npaths = 10\n", "walk.paths"),
        ("[config.run]\npaths = 'many'\n", "run.paths"),
        ("[config.run]\npaths = true\n", "run.paths"),
        ("[config.run]\npaths = -1\n", "run.paths"),
        ("[config.economics]\nfunding_annual_rate = nan\n", "economics.funding_annual_rate"),
        ("[config]\nrun = 3\n", "run"),
        ("[config.run]\npaths = 0\n", "run.paths"),
        ("[config.run]\nmonths = 0\n", "run.months"),
        ("[config.macro]\nsupported_months = 0\n", "macro.supported_months"),
        ("config = 3\n", "config"),
        ("[run]\npaths = 3\n", "run"),
    ],
)
def test_bad_settings_name_file_and_key(tmp_path, text, field):
    file = tmp_path / "twin.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file, env={})
    assert (caught.value.file, caught.value.field) == (str(file), field)


def test_an_unknown_variable_is_refused():
    with pytest.raises(ConfigError, match="LOANTWIN_RUN_PATH"):
        load(env={"LOANTWIN_RUN_PATH": "3"})


def test_a_whole_number_serves_as_a_rate():
    config, _ = load(env={"LOANTWIN_ECONOMICS_FUNDING_ANNUAL_RATE": "0"})
    assert config.economics.funding_annual_rate == 0.0


def test_a_broken_file_is_named(tmp_path):
    file = tmp_path / "twin.toml"
    file.write_text("format = = 1")
    with pytest.raises(ConfigError, match="readable TOML"):
        load(file, env={})
