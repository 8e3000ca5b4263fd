import time

import pytest


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    """The log shows local time."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("NO_COLOR", "COLORTERM", "TEXTUAL", "TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Files that the dashboard writes."""
    monkeypatch.chdir(tmp_path)
