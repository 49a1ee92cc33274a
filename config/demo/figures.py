"""What a demo is told of the platforms' figures, read before Django wakes: each connector would complain of the same mistake."""

from config.oneline import SetUpFault


def check() -> None:
    from connectors import figures

    if wrong := figures.mistake():
        raise SetUpFault(f"{wrong} Mend {figures.VARIABLE}, or leave it out.")
