"""With which of the app's secrets X signs."""

from simulator.world import World


def keys(world: World) -> dict[str, str]:
    """Under which header which secret signs: the consumer secret, or in newer apps the OAuth 2 client secret."""
    app, signs = world.app("x"), world.settings.x_signs
    held = {
        "legacy": ("x-twitter-webhooks-signature", app.webhook_secret),
        "oauth2": ("x-twitter-webhooks-signature-oauth2", app.client_secret),
    }
    return dict(each for name, each in held.items() if signs in (name, "both"))
