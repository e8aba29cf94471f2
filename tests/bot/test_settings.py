"""Where settings come from, and the messages about wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from bot.cli.main import main
from bot.settings import Settings, SettingsError

IDS = (
    "the ids of Slack users, such as U012ABCDE, separated by commas (in Slack: profile, More, "
    "Copy member ID)"
)
NOT_KNOWN = "has a setting that Code Desk does not know:"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    return home


@pytest.fixture
def cwd(tmp_path: Path) -> Path:
    cwd = tmp_path / "cwd"
    cwd.mkdir()
    return cwd


def faults(environment: dict[str, str], folder: Path) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        Settings.load({"CODEDESK_HOME": str(folder)} | environment, folder)
    return str(raised.value).splitlines()


@pytest.mark.parametrize("url", ["mysql://x@h/d", "log.db", "postgresql:// h/d"])
def test_a_wrong_address_of_a_database_is_not_repeated(tmp_path: Path, url: str) -> None:
    (fault,) = faults({"CODEDESK_DATABASE_URL": url}, tmp_path)
    assert fault.startswith("CODEDESK_DATABASE_URL must be the address of a PostgreSQL database")
    assert url not in fault


def test_one_address_is_for_the_log_and_for_slack(tmp_path: Path) -> None:
    url = "postgresql://desk:secret@db.example.org/codedesk"
    settings = Settings.load({"CODEDESK_HOME": str(tmp_path), "CODEDESK_DATABASE_URL": url})
    assert (settings.log_database, settings.slack_database) == (url, url)
    assert "secret" not in repr(settings)
    without = Settings.load({"CODEDESK_HOME": str(tmp_path)}, tmp_path)
    assert (without.log_database, without.slack_database) == (without.log_db, without.slack_db)


# Wrong settings


@pytest.mark.parametrize(
    ("name", "value", "must"),
    [
        ("CODEDESK_FETCH", "perhaps", "it must be yes or no."),
        ("CODEDESK_ANSWER_WITHOUT_LOG", "2", "it must be yes or no."),
        ("CODEDESK_HTTP_PORT", "many", "it must be a whole number."),
        ("CODEDESK_HTTP_PORT", "80.5", "it must be a whole number."),
        ("CODEDESK_HTTP_PORT", "-1", "it must be 0 or more."),
        ("CODEDESK_AUDIT_PORT", "65536", "it must be 65535 or less."),
        ("CODEDESK_LOG_RETENTION_YEARS", "0", "it must be 1 or more."),
        ("CODEDESK_AUDIT_SESSION_MINUTES", "-5", "it must be 1 or more."),
        ("SLACK_MODE", "pigeon", 'it must be "socket" or "http".'),
        ("CODEDESK_SLACK_MODE", "pigeon", 'it must be "socket" or "http".'),
        ("CODEDESK_LLM_SECONDS", "0", "it must be 1 or more."),
        ("CODEDESK_AUDITORS", "U1, bob", f'it must be {IDS}, and "bob" is none.'),
    ],
)
def test_a_wrong_variable(tmp_path: Path, name: str, value: str, must: str) -> None:
    assert faults({name: value}, tmp_path) == [f'{name} is "{value}"; {must}']


@pytest.mark.parametrize(
    ("line", "shown", "must"),
    [
        ('fetch = "perhaps"', "perhaps", "it must be yes or no."),
        ("fetch = 2", "2", "it must be yes or no."),
        ("http_port = true", "True", "it must be a whole number."),
        ("http_port = 80.5", "80.5", "it must be a whole number."),
        ("http_port = 1979-05-27", "1979-05-27", "it must be a whole number."),
        ("http_port = [80]", "[80]", "it must be a whole number."),
        ("log_retention_years = 0", "0", "it must be 1 or more."),
        ('slack_mode = "Http"', "Http", 'it must be "socket" or "http".'),
        ('auditors = ["U1"]', "['U1']", "it must be text."),
        ("model = {}", "{}", "it must be text."),
        ("home = []", "[]", "it must be the path of a folder."),
    ],
)
def test_a_wrong_line_of_the_file(
    tmp_path: Path, cwd: Path, line: str, shown: str, must: str
) -> None:
    file = cwd / "codedesk.toml"
    file.write_text(line)
    with pytest.raises(SettingsError) as raised:
        Settings.load({}, cwd)
    assert str(raised.value) == f'{line.split()[0]} in {file} is "{shown}"; {must}'


@pytest.mark.parametrize(
    ("line", "todo"),
    [
        ('slak_mode = "http"', "slak_mode. Did you mean slack_mode?"),
        ("moon = 1", "moon. Take it out; README.md lists the settings."),
        ("[http]\nport = 80", "http. Did you mean http_port?"),
    ],
)
def test_a_setting_that_is_not_known(tmp_path: Path, line: str, todo: str) -> None:
    file = tmp_path / "codedesk.toml"
    file.write_text(line)
    assert faults({}, tmp_path) == [f"{file} {NOT_KNOWN} {todo}"]


def test_all_faults_are_said_at_once(tmp_path: Path) -> None:
    file = tmp_path / "codedesk.toml"
    file.write_text('http_port = "many"\nslak_mode = "http"\nfetch = "no"\naudit_port = 70000\n')
    said = faults({"SLACK_MODE": "pigeon", "CODEDESK_LOG_RETENTION_YEARS": "0"}, tmp_path)
    assert sorted(said) == sorted(
        [
            'SLACK_MODE is "pigeon"; it must be "socket" or "http".',
            f'http_port in {file} is "many"; it must be a whole number.',
            'CODEDESK_LOG_RETENTION_YEARS is "0"; it must be 1 or more.',
            f'audit_port in {file} is "70000"; it must be 65535 or less.',
            f"{file} {NOT_KNOWN} slak_mode. Did you mean slack_mode?",
        ]
    )


def test_also_of_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "codedesk.toml").write_text("slack_mode = ")
    unreadable, wrong = faults({"CODEDESK_FETCH": "perhaps"}, tmp_path)
    assert "cannot be read as TOML" in unreadable
    assert wrong.startswith("CODEDESK_FETCH ")


def test_the_command_line_prints_them(
    tmp_path: Path, cwd: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(cwd)
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path))
    monkeypatch.setenv("CODEDESK_HTTP_PORT", "many")
    monkeypatch.setenv("CODEDESK_AUDIT_PORT", "more")
    result = CliRunner().invoke(main, ["codesets", "list"])
    assert result.exit_code == 2
    assert result.stderr == (
        'codedesk: CODEDESK_HTTP_PORT is "many"; it must be a whole number.\n'
        'CODEDESK_AUDIT_PORT is "more"; it must be a whole number.\n'
    )


# Secrets

SECRETS = ("slack_bot_token", "slack_app_token", "slack_signing_secret", "audit_password_hash")


def test_secrets_are_not_printed(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, **dict.fromkeys(SECRETS, "hush-hush"))
    assert "hush-hush" not in f"{settings} {settings!r}"
    assert settings.slack_bot_token == "hush-hush"


@pytest.mark.parametrize("name", SECRETS)
def test_nor_are_those_that_are_wrong(tmp_path: Path, name: str) -> None:
    file = tmp_path / "codedesk.toml"
    file.write_text(f'{name} = ["hush-hush"]\nfetch = "perhaps"')
    said = faults({}, tmp_path)
    assert f"{name} in {file} must be text." in said
    assert "hush" not in " ".join(said)
    with pytest.raises(ValidationError) as raised:
        Settings(home=tmp_path, **{name: ["hush-hush"]})  # type: ignore[arg-type]
    assert "hush" not in str(raised.value)


# Sources


def test_each_default_will_do(home: Path) -> None:
    assert Settings.load({"CODEDESK_HOME": str(home)}, home) == Settings(home=home)


def test_arguments_are_all_that_a_constructor_reads(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "codedesk.toml").write_text("http_port = 1")
    monkeypatch.chdir(home)
    monkeypatch.setenv("CODEDESK_HTTP_PORT", "2")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    settings = Settings(home=home)
    assert (settings.http_port, settings.slack_bot_token) == (3000, None)


@pytest.mark.parametrize("prefix", ["", "CODEDESK_"])
def test_a_variable_of_slack_needs_no_prefix(home: Path, prefix: str) -> None:
    given = {"CODEDESK_HOME": str(home), f"{prefix}SLACK_BOT_TOKEN": "xoxb-1"}
    assert Settings.load(given, home).slack_bot_token == "xoxb-1"


def test_every_other_variable_does(home: Path) -> None:
    given = {"CODEDESK_HOME": str(home), "HTTP_PORT": "81", "MODEL": "mine", "HOME": "/elsewhere"}
    assert Settings.load(given, home) == Settings(home=home)


def test_precedence(home: Path, cwd: Path) -> None:
    """Own variable, variable of Slack, file of the working directory, file of the home, default."""
    environment = {"CODEDESK_HOME": str(home)}

    def url() -> str:
        return Settings.load(environment, cwd).slack_api_url

    assert url() == "https://slack.com/api/"
    (home / "codedesk.toml").write_text('slack_api_url = "home"')
    assert url() == "home"
    (cwd / "codedesk.toml").write_text('slack_api_url = "cwd"')
    assert url() == "cwd"
    environment["SLACK_SLACK_API_URL"] = "not a setting"
    environment["SLACK_API_URL"] = "slack"
    assert url() == "slack"
    environment["CODEDESK_SLACK_API_URL"] = "own"
    assert url() == "own"


def test_only_the_first_file_is_read(home: Path, cwd: Path) -> None:
    (home / "codedesk.toml").write_text("http_port = 1\naudit_port = 1")
    (cwd / "codedesk.toml").write_text("http_port = 2")
    settings = Settings.load({"CODEDESK_HOME": str(home)}, cwd)
    assert (settings.http_port, settings.audit_port) == (2, 8001)


def test_what_is_empty_is_not_set(home: Path) -> None:
    (home / "codedesk.toml").write_text('model = ""\nhttp_port = 81')
    given = {"CODEDESK_HOME": str(home), "CODEDESK_HTTP_PORT": "", "SLACK_MODE": ""}
    settings = Settings.load(given, home)
    assert (settings.model, settings.http_port, settings.slack_mode) == (None, 81, "socket")


def test_home_of_the_file_unless_the_environment_has_one(home: Path, cwd: Path) -> None:
    (cwd / "codedesk.toml").write_text('home = "~/desk"')
    assert Settings.load({}, cwd).home == Path.home() / "desk"
    assert Settings.load({"CODEDESK_HOME": str(home)}, cwd).home == home


def test_a_relative_home_is_of_the_working_directory(
    cwd: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(cwd)
    assert Settings.load({"CODEDESK_HOME": "desk"}, cwd).home == cwd / "desk"


@pytest.mark.parametrize(
    ("value", "means"),
    [("1", True), ("YES", True), ("on", True), ("true", True), ("0", False), ("No", False),
     ("off", False), ("false", False)],
)  # fmt: skip
def test_yes_and_no(home: Path, value: str, means: bool) -> None:
    given = {"CODEDESK_HOME": str(home), "CODEDESK_FETCH": value}
    assert Settings.load(given, home).fetch is means


def test_settings_stay_as_they_are(home: Path) -> None:
    with pytest.raises(ValidationError):
        Settings(home=home).http_port = 1


@pytest.mark.parametrize(
    "url",
    ["llm.example.org/v1", "ftp://llm.example.org", "http://me:secret@llm.example.org/v1",
     "https://llm.example.org/v1?key=secret", "https://llm.example.org/v1#x", "https://", "http:///v1"],
)  # fmt: skip
def test_an_address_of_a_language_model_without_secrets(url: str) -> None:
    with pytest.raises(SettingsError, match="CODEDESK_LLM_URL must be an address") as error:
        Settings.load({"CODEDESK_LLM_URL": url})
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    "url",
    ["https://llm.example.org/v1", "http://127.0.0.1:8000/v1/", "http://[::1]:11434/v1",
     "https://llm.example.org/openai/deployments/gpt-x~1"],
)  # fmt: skip
def test_addresses_of_language_models(url: str) -> None:
    assert Settings.load({"CODEDESK_LLM_URL": url}).llm_url == url


# Secrets in files, as containers have them


@pytest.mark.parametrize("variable", ["SLACK_BOT_TOKEN_FILE", "CODEDESK_SLACK_BOT_TOKEN_FILE"])
def test_a_secret_in_a_file(tmp_path: Path, variable: str) -> None:
    (tmp_path / "token").write_text("xoxb-1\n")
    environment = {"CODEDESK_HOME": str(tmp_path), variable: str(tmp_path / "token")}
    assert Settings.load(environment, tmp_path).slack_bot_token == "xoxb-1"


def test_an_empty_file_is_no_secret(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("\n")
    environment = {
        "CODEDESK_HOME": str(tmp_path),
        "SLACK_BOT_TOKEN_FILE": str(tmp_path / "token"),
        "SLACK_BOT_TOKEN": "xoxb-2",
    }
    assert Settings.load(environment, tmp_path).slack_bot_token == "xoxb-2"


def test_a_file_that_is_not_there_is_named_with_all_other_faults(tmp_path: Path) -> None:
    said = faults({"SLACK_APP_TOKEN_FILE": "/nowhere", "SLACK_MODE": "pigeon"}, tmp_path)
    assert said[0].startswith("The file of SLACK_APP_TOKEN_FILE cannot be read: ")
    assert said[1].startswith("SLACK_MODE is")


def test_what_is_wrong_in_such_a_file_is_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("mysql://me:hush@h/d")
    (fault,) = faults({"CODEDESK_DATABASE_URL_FILE": str(tmp_path / "url")}, tmp_path)
    assert fault.startswith("The file of CODEDESK_DATABASE_URL_FILE must be the address of a")
    assert "hush" not in fault


def test_files_that_have_other_keys_are_paths_as_before(tmp_path: Path) -> None:
    environment = {"CODEDESK_HOME": str(tmp_path), "CODEDESK_LOG_KEY_FILE": "/keys/log.key"}
    assert Settings.load(environment, tmp_path).log_key == Path("/keys/log.key")
