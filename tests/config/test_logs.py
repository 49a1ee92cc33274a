import json
import logging
import logging.config
from typing import Any

import pytest
import structlog
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils.log import log_response

from config import logs


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Any:
    """What the production logging writes, one parsed line each."""
    formatter: dict[str, Any] = logs.settings(as_json=True, level="INFO")["formatters"]["event"]
    handler = logging.StreamHandler()
    built = formatter.pop("()")(**formatter)
    handler.setFormatter(built)
    written: list[str] = []
    handler.emit = lambda record: written.append(built.format(record))  # type: ignore[method-assign]
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in written]
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.mark.parametrize(
    "name",
    [
        "access_token",
        "password",
        "client_secret",
        "Authorization",
        "x-hub-signature",
        "text",
        "body",
        "payload",
        "api_key",
    ],
)
def test_a_secret_or_a_customers_words_are_hidden_by_the_fields_name(name: str, lines: Any) -> None:
    structlog.get_logger("t").info("happened", **{name: "EAAB-secret"})

    assert lines()[0][name] == logs.MASK


def test_hidden_however_deep_it_lies(lines: Any) -> None:
    structlog.get_logger("t").info(
        "happened", request={"headers": [{"authorization": "Bearer abc"}], "path": "/x"}
    )

    assert lines()[0]["request"] == {"headers": [{"authorization": logs.MASK}], "path": "/x"}


def test_fields_that_only_sound_alike_stay(lines: Any) -> None:
    structlog.get_logger("t").info("happened", context="queue", order_key="17", channel=4, content_length=12)

    assert {"context": "queue", "order_key": "17", "channel": 4, "content_length": 12}.items() <= lines()[
        0
    ].items()


def test_tokens_in_addresses_are_hidden_in_any_librarys_line(lines: Any) -> None:
    logging.getLogger("a.library").warning(
        "GET %s failed", "https://graph.example/me?access_token=EAAB123&fields=id"
    )

    assert lines()[0]["event"] == f"GET https://graph.example/me?access_token={logs.MASK}&fields=id failed"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/accounts/password/reset/key/3-c5x1-abcdef/", "/accounts/password/reset/key/"),
        ("/accounts/confirm-email/Mw:1sX:abcdef/", "/accounts/confirm-email/"),
        ("/out/WyJh:abcdef/", "/out/"),
        ("/connect/x/?code=abcdef&state=1", "/connect/x/"),
    ],
)
def test_an_address_that_is_the_secret_is_hidden_in_every_line(path: str, told: str, lines: Any) -> None:
    request = RequestFactory().get(path)

    structlog.get_logger("config.middleware").info("answered", method="GET", path=request.path, ms=1200)
    log_response(
        "Internal Server Error: %s", request.path, response=HttpResponse(status=500), request=request
    )

    assert len(lines()) == 2
    for line in lines():
        assert "abcdef" not in json.dumps(line) and told in json.dumps(line)


def test_tokens_in_a_traceback_are_hidden(lines: Any) -> None:
    try:
        raise ValueError("refused: Bearer abcdefghijkl, postgresql://joe:hunter2@db/x")
    except ValueError:
        logging.getLogger("a.library").exception("broke")

    assert "abcdefghijkl" not in lines()[0]["exception"]
    assert "hunter2" not in lines()[0]["exception"]
    assert "refused" in lines()[0]["exception"]


def test_a_row_that_the_database_refuses_is_hidden_and_what_led_there_stays(lines: Any) -> None:
    refused = 'new row violates check constraint "sent_once"\nDETAIL:  Failing row contains (7, my IBAN is\nDE89 3704).'
    try:
        try:
            raise ValueError(refused)
        except ValueError as error:
            raise RuntimeError(str(error)) from error
    except RuntimeError as error:
        logging.getLogger("a.library").exception("broke: %r", error)

    told = json.dumps(lines()[0])
    assert "IBAN" not in told and "DE89" not in told
    assert "sent_once" in lines()[0]["event"] and "sent_once" in lines()[0]["exception"]
    assert "The above exception was the direct cause" in told


@pytest.mark.parametrize("server", ["uvicorn.error", "_granian"])
def test_what_a_server_says_goes_the_same_way(server: str) -> None:
    """It has set up handlers of its own by then, which know neither JSON nor what must be hidden."""
    logger = logging.getLogger(server)
    logger.addHandler(logging.StreamHandler())
    logger.propagate = False
    told = logs.settings(as_json=True, level="INFO")["loggers"]

    logging.config.dictConfig(
        {"version": 1, "disable_existing_loggers": False, "loggers": {server: told[server]}}
    )

    assert (logger.handlers, logger.propagate) == ([], True)
