"""What a demo begins with: brands, their people, and channels connected to the simulated platforms."""

from importlib.util import find_spec


def seed(*, password: str, simulator_url: str, platform_url: str, public_url: str, corpus: str) -> None:
    """Idempotent: everything that is there already stays as it is."""
    if find_spec("connectors.demo") is None:
        return
    from connectors import demo

    demo.seed(
        password=password,
        simulator_url=simulator_url,
        platform_url=platform_url,
        public_url=public_url,
        corpus=corpus,
    )
