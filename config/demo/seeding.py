"""What a demo begins with: brands, their people, and channels connected to the simulated platforms."""

from connectors import demo


def seed(*, password: str, simulator_url: str, platform_url: str, public_url: str, corpus: str) -> None:
    """Idempotent: everything that is there already stays as it is."""
    demo.seed(
        password=password,
        simulator_url=simulator_url,
        platform_url=platform_url,
        public_url=public_url,
        corpus=corpus,
    )
