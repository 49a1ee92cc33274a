"""What imports cannot say about the house. Each rule takes a module and tells its faults as `path:line what`."""

import ast
import re
from collections.abc import Iterator

from tests.house.source import Module, dotted, imported, is_migration, names_used

OURS = re.compile(r"^(inbox|connectors|analytics|config|simulator)(\.|$)")
DOORS = re.compile(
    r"^(?:\w+/(?:views|management/commands)/|\w+/(?:views|consumers|tasks|jobs|reactions)\.py$|connectors/door/|config/)"
)
KNOW_RQ = re.compile(r"^((?:connectors|analytics)/jobs\.py|connectors/views/schedules\.py|config/.*)$")
CLOCKS = {"timezone.now", "datetime.now", "datetime.utcnow", "datetime.datetime.now", "time.time"}
ENQUEUES = {
    "delay",
    "apply_async",
    "enqueue",
    "enqueue_in",
    "enqueue_at",
    "enqueue_call",
    "send_task",
    "delay_on_commit",
}
# Transactions outside actions, each with its reason.
OPEN_TRANSACTIONS = {
    "analytics/rollups.py": "rebuilds a period of its own tables; nothing follows from it",
    "analytics/queries/one_moment.py": "only reads, and what it reads must be of one moment",
}
OF_CUSTOMERS = {"Conversation", "Message"}
LONGEST = 300
LONG_WITH_REASON = {
    "config/settings.py": "one file, in the order of Django's documentation, is easier to read than three",
}


def transactions_outside_actions(module: Module) -> Iterator[str]:
    if is_migration(module) or "/actions/" in module.path or module.path in OPEN_TRANSACTIONS:
        return
    opens = {"transaction.atomic", "transaction.set_autocommit", "django.db.transaction.atomic"}
    for name, line in names_used(module.tree):
        if name in opens:
            yield f"{module.path}:{line} opens a transaction outside actions ({name})"
    for name, line in imported(module.tree):
        if name.startswith("django.db.transaction."):
            yield f"{module.path}:{line} takes {name} by name, where this rule cannot follow it"


def on_commit_outside_events(module: Module) -> Iterator[str]:
    if module.path == "inbox/events.py" or is_migration(module):
        return
    for name, line in names_used(module.tree):
        if name.endswith((".on_commit", ".delay_on_commit")):
            yield f"{module.path}:{line} uses {name}: only inbox/events.py acts after the commit"


def enqueues_outside_doors(module: Module) -> Iterator[str]:
    if DOORS.match(module.path):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ENQUEUES:
            yield f"{module.path}:{node.lineno} enqueues ({node.func.attr}) below a door"


def rq_where_it_is_not_known(module: Module) -> Iterator[str]:
    if KNOW_RQ.match(module.path):
        return
    for name, line in imported(module.tree):
        if name.split(".")[0] in {"django_rq", "rq"}:
            yield f"{module.path}:{line} imports {name}"


def migration_imports_ours(module: Module) -> Iterator[str]:
    if not is_migration(module):
        return
    own_fields = re.compile(r"^inbox\.models(\.fields(\.\w+)?)?$")
    for name, line in imported(module.tree):
        if OURS.match(name) and not own_fields.match(name):
            yield f"{module.path}:{line} imports {name}, which will mean something else in a year"


def migration_without_a_name(module: Module) -> Iterator[str]:
    if is_migration(module) and re.search(r"_auto_\d{8}|_alter_.*_and_more|_and_more\.py$", module.path):
        yield f"{module.path}: a migration is named by what it does"


def too_long(module: Module) -> Iterator[str]:
    if module.lines > LONGEST and module.path not in LONG_WITH_REASON and not is_migration(module):
        yield f"{module.path} has {module.lines} lines, more than {LONGEST}"


def asks_the_clock_below_a_door(module: Module) -> Iterator[str]:
    if not re.match(r"^(inbox|connectors|analytics)/(actions|rules|queries|models|platforms)/", module.path):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and dotted(node.func) in CLOCKS:
            yield f"{module.path}:{node.lineno} asks the clock; it is handed in"


def looks_up_what_was_said_in_a_view(module: Module) -> Iterator[str]:
    """Conversations and their messages are looked up for the person who asks: access, and the queries that begin with it."""
    if not re.match(r"^\w+/views/", module.path):
        return
    for node in ast.walk(module.tree):
        match node:
            case ast.Attribute(attr="objects"):
                asked = dotted(node.value)
            case ast.Call(args=[first, *_]) if dotted(node.func) == "get_object_or_404":
                asked = dotted(first)
            case _:
                continue
        if asked in OF_CUSTOMERS:
            yield f"{module.path}:{node.lineno} looks up a {asked}; access and the queries do"


def takes_signs_for_digits(module: Module) -> Iterator[str]:
    """“²” is a digit to these, and int() refuses it: an address that holds it was an error of ours."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr in {"isdigit", "isnumeric"}:
            yield f"{module.path}:{node.lineno} asks {node.attr}(); what int() reads is isdecimal()"


RULES = (
    transactions_outside_actions,
    on_commit_outside_events,
    enqueues_outside_doors,
    rq_where_it_is_not_known,
    migration_imports_ours,
    migration_without_a_name,
    too_long,
    asks_the_clock_below_a_door,
    looks_up_what_was_said_in_a_view,
    takes_signs_for_digits,
)
