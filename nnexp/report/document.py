"""A page as a document of its own: no server, no network, and no script but ours."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from nnexp.report.markup import Markup, element, join


def document(
    title: str,
    *content: Markup | None,
    styles: Sequence[str] = ("page.css",),
    script: str = "page.js",
) -> Markup:
    """A whole page; its policy lets it run nothing but the one script.

    Arguments:
        title: of the page.
        content: of its body; None is left out.
        styles, script: files beside this module.
    """
    style, code = "".join(map(_asset, styles)), _asset(script)
    digest = b64encode(hashlib.sha256(code.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    page = element(
        "html",
        element(
            "head",
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=policy),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="color-scheme", content="light dark"),
            element("title", title),
            element("style", Markup(style)),
        ),
        element("body", element("main", *content), element("script", Markup(code))),
        lang="en",
    )
    return join(Markup("<!doctype html>\n"), page, Markup("\n"))


@cache
def _asset(name: str) -> str:
    """A file beside this module, its line ends as in the repository."""
    return files("nnexp.report").joinpath(name).read_text(encoding="utf-8").replace("\r\n", "\n")
