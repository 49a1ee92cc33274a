"""What a demo is told of the platforms' figures, read before Django wakes: each connector would complain of the same mistake."""

from importlib import import_module

from config.oneline import SetUpFault


def check() -> None:
    from connectors import figures

    if wrong := figures.mistake() or _unused(figures.named()):
        raise SetUpFault(f"{wrong} Mend {figures.VARIABLE}, or leave it out.")


def _unused(platforms: set[str]) -> str:
    """What a connector of ours has nothing to do with, in words: it would be left out."""
    from connectors.figures import FiguresUnreadable

    for key in sorted(platforms):
        try:
            import_module(f"connectors.platforms.{key}.manifest")
        except FiguresUnreadable as unreadable:
            return f"{unreadable}."
        except ModuleNotFoundError:  # the doctor names whom no connector is called
            continue
    return ""
