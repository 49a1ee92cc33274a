"""The house stands as docs/architecture.md says; and each rule would notice if it did not."""

import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.house import rules
from tests.house.source import ROOT, Module, modules, parsed

Rule = Callable[[Module], Iterator[str]]


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_no_module_of_ours_breaks(rule: Rule) -> None:
    faults = [fault for module in modules() for fault in rule(module)]

    assert faults == []


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (rules.transactions_outside_actions, "inbox/views/x.py", "@transaction.atomic\ndef f(): ...\n"),
        (
            rules.transactions_outside_actions,
            "inbox/queries/x.py",
            "with transaction.atomic(durable=True): ...\n",
        ),
        (
            rules.transactions_outside_actions,
            "connectors/tasks.py",
            "from django.db.transaction import atomic\n",
        ),
        (rules.on_commit_outside_events, "inbox/actions/x.py", "transaction.on_commit(print)\n"),
        (rules.on_commit_outside_events, "inbox/actions/x.py", "connection.on_commit(print)\n"),
        (rules.enqueues_outside_doors, "inbox/actions/x.py", "tasks.drain.delay()\n"),
        (rules.enqueues_outside_doors, "inbox/events.py", "tasks.drain.apply_async(countdown=1)\n"),
        (rules.enqueues_outside_doors, "connectors/actions/syncing.py", "get_queue('sync').enqueue(f)\n"),
        (rules.rq_where_it_is_not_known, "connectors/actions/x.py", "import django_rq\n"),
        (rules.rq_where_it_is_not_known, "inbox/tasks.py", "def f():\n    from rq import Queue\n"),
        (rules.migration_imports_ours, "inbox/migrations/0001_x.py", "from inbox.rules import amendments\n"),
        (rules.migration_imports_ours, "inbox/migrations/0001_x.py", "import connectors.models\n"),
        (rules.migration_without_a_name, "inbox/migrations/0002_auto_20260301_1210.py", ""),
        (rules.too_long, "inbox/queries/x.py", "x = 1\n" * 301),
        (rules.asks_the_clock_below_a_door, "inbox/actions/x.py", "now = timezone.now()\n"),
        (
            rules.looks_up_what_was_said_in_a_view,
            "inbox/views/x.py",
            "Message.objects.filter(pk=1).first()\n",
        ),
        (rules.looks_up_what_was_said_in_a_view, "inbox/views/x.py", "get_object_or_404(Message, pk=1)\n"),
        (rules.takes_signs_for_digits, "inbox/views/x.py", "pk = int(text) if text.isdigit() else 0\n"),
    ],
)
def test_a_breach_is_noticed(rule: Rule, path: str, text: str) -> None:
    assert list(rule(parsed(path, text)))


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (rules.transactions_outside_actions, "inbox/actions/x.py", "@transaction.atomic\ndef f(): ...\n"),
        (rules.on_commit_outside_events, "inbox/events.py", "transaction.on_commit(print)\n"),
        (rules.enqueues_outside_doors, "connectors/reactions.py", "tasks.drain.delay()\n"),
        (rules.enqueues_outside_doors, "inbox/views/replies.py", "tasks.drain.delay()\n"),
        (rules.rq_where_it_is_not_known, "connectors/jobs.py", "import django_rq\n"),
        (rules.migration_imports_ours, "inbox/migrations/0001_x.py", "from django.db import migrations\n"),
        (rules.too_long, "inbox/queries/x.py", "x = 1\n" * 300),
        (rules.looks_up_what_was_said_in_a_view, "inbox/queries/x.py", "Message.objects.filter(pk=1)\n"),
        (rules.looks_up_what_was_said_in_a_view, "inbox/views/x.py", "get_object_or_404(theirs, pk=1)\n"),
        (rules.takes_signs_for_digits, "inbox/views/x.py", "pk = int(text) if text.isdecimal() else 0\n"),
    ],
)
def test_what_is_allowed_is_not_blamed(rule: Rule, path: str, text: str) -> None:
    assert list(rule(parsed(path, text))) == []


def test_a_listed_exception_is_still_needed() -> None:
    long = {module.path for module in modules() if module.lines > rules.LONGEST}

    assert set(rules.LONG_WITH_REASON) <= long


def test_every_dependency_says_what_it_is_here_for() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("[tool.uv]")[0].splitlines()
    without = [line for line in lines if line.startswith('    "') and "#" not in line]

    assert without == []


def test_the_lock_names_the_public_index_only() -> None:
    import tomllib

    packages = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    sources = {str(package["source"]) for package in packages if "virtual" not in package["source"]}

    assert sources == {"{'registry': 'https://pypi.org/simple'}"}


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a clone knows what it keeps")
def test_no_link_is_kept() -> None:
    """A link names a path of the machine that made it: a link at .venv once made all clones share one."""
    kept = subprocess.run(
        ["git", "ls-files", "--stage"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()

    assert [line for line in kept if line.startswith("120000")] == []
