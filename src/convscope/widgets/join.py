"""One view of the page as one JavaScript module, with all that it imports: as notebooks and saved pages take it.

Modules of the page are written in a few forms only, which is what makes this short: ``import { a, b as c } from
"./x.js"``, and ``export`` in front of a declaration or of ``default``. Each becomes a function that returns what it
exports, so that names of two modules never meet.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from convscope.explorer.pages import static_files

IMPORT = re.compile(r'^import \{([^}]*)\} from "([^"]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export ((?:async )?function\*?|class|const|let) (\w+)", re.MULTILINE)
DEFAULT = re.compile(r"^export default ", re.MULTILINE)
# A notebook keeps a copy a view: what only people read is left out of it.
COMMENT = re.compile(r"^ *//[^\n]*\n|^ */\*\*.*?\*/\n?|(?<=[;{,]) // [^\n\"'`]*$", re.MULTILINE | re.DOTALL)
INDENT = re.compile(r"^ +", re.MULTILINE)
LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


HOSTED = """import { hosted } from "./%s.js";
import { $default as view } from "./views/%s.js";
export default hosted(view);
"""


def joined(view: str, host: str = "", files: Mapping[str, str] | None = None) -> str:
    """Return a module whose default export is that of ``views/VIEW.js``; by default of the page's own ``files``.

    With a ``host``, such as ``notebook``, it is what ``hosted`` of ``HOST.js`` makes of that view.

    Raises ``ValueError`` for a file that is written in another form, imports in a circle, or imports what is not there.

    >>> view = 'import { b as c } from "../b.js";\\nexport default { c };\\n'
    >>> print(joined("a", files={"views/a.js": view, "b.js": "export const b = 1;\\n"}))
    const m0 = (() => {
    const b = 1;
    return { b };
    })();
    const m1 = (() => {
    const { b: c } = m0;
    const $default = { c };
    return { $default };
    })();
    export default m1.$default;
    <BLANKLINE>
    """
    if files is None:
        files = {name: file.body.decode() for name, file in static_files().items() if name.endswith(".js")}
    parts: list[str] = []
    known: dict[str, str] = {}
    name = f"views/{view}.js"
    if host:
        name, files = "hosted.js", {**files, "hosted.js": HOSTED % (host, view)}
    last = _add(name, files, parts, known, ())
    return "".join([*parts, f"export default {last}.$default;\n"])


def _add(name: str, files: Mapping[str, str], parts: list[str], known: dict[str, str], way: tuple[str, ...]) -> str:
    """Add a module behind all that it imports, and return what it is called."""
    if name in known:
        return known[name]
    if name in way:
        raise ValueError(f"modules import one another in a circle: {' -> '.join((*way, name))}")
    if name not in files:
        raise ValueError(f"{way[-1] if way else 'a page'} imports {name}, which is not there")
    imports: list[str] = []
    for names, source in IMPORT.findall(files[name]):
        place = posixpath.normpath(posixpath.join(posixpath.dirname(name), source))
        module = _add(place, files, parts, known, (*way, name))
        taken = ", ".join(part.strip().replace(" as ", ": ") for part in names.split(",") if part.strip())
        imports.append(f"const {{ {taken} }} = {module};\n")
    body = INDENT.sub("", COMMENT.sub("", IMPORT.sub("", files[name])))
    exports = [declared for _, declared in EXPORT.findall(body)]
    body = EXPORT.sub(r"\1 \2", body)
    if DEFAULT.search(body):
        body = DEFAULT.sub("const $default = ", body)
        exports.append("$default")
    if left := LEFT.search(body):
        raise ValueError(f"{name}: {left[0]!r} is written in a form that cannot be joined")
    known[name] = f"m{len(known)}"
    given_back = f"return {{ {', '.join(exports)} }};"
    parts.append(f"const {known[name]} = (() => {{\n{''.join(imports)}{body.strip()}\n{given_back}\n}})();\n")
    return known[name]
