#!/usr/bin/env python3
"""Makes ../live_page.hpp of live.html; with --check it only says whether they agree."""

import base64
import hashlib
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
HEADER = HERE.parent / "live_page.hpp"
TEMPLATE = '''// The live page of a server, made by page/embed.py of page/live.html.
#pragma once

#include <string_view>

namespace quipu {{

/// What the page may do: run its own script, use its own style, ask its own server.
inline constexpr std::string_view live_page_policy =
    "default-src 'none'; connect-src 'self'; img-src data:; "
    "script-src '{script}'; "
    "style-src '{style}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// One page without anything from elsewhere.
// clang-format off
inline constexpr std::string_view live_page = R"html({page})html";
// clang-format on

}} // namespace quipu
'''


def digest(page: str, tag: str) -> str:
    """What a Content-Security-Policy calls the one inline element of that name."""
    (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def main() -> int:
    page = (HERE / "live.html").read_text()
    made = TEMPLATE.format(page=page, script=digest(page, "script"), style=digest(page, "style"))
    if sys.argv[1:] == ["--check"]:
        return 0 if HEADER.read_text() == made else "live_page.hpp is not what embed.py makes of live.html"
    HEADER.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
