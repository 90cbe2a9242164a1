#!/usr/bin/env python3
"""Prints the includes that break the layers: who may include whom.

    tools/layers.py [ROOT] [--list]

One line for each include that is not allowed, "file:line: sentence"; ends with 1 if there is any. --list prints the
rules instead. The rules are those of CONTRIBUTING.md, made exact below; CMake's link lines say the same a second time,
folder by folder. Prints, too, what two files that may be compiled as one both declare in their unnamed namespaces.
"""

import argparse
import collections
import pathlib
import re
import sys

LAYERS = ("protocols", "conf", "storage", "actors", "admin", "tools")

# protocols/X may include protocols/base and these.
PROTOCOLS = {
    "base": (),
    "dns": ("mailauth",),
    "mime": (),
    "search": ("mime",),
    "footer": ("mime",),
    "sasl": (),
    "proxy": (),
    "http": (),
    "autodiscover": (),
    "route": ("dns", "mailauth", "smtp_client", "mime"),
    "mailauth": ("mime",),
    "smtp": ("sasl", "mime"),
    "smtp_client": ("smtp", "sasl", "mime"),
    "report": ("smtp", "smtp_client", "mime"),
    "imap": ("sasl", "mime", "search"),
    "pop3": ("sasl",),
    "ldap": ("sasl",),
    "sieve": ("sasl", "mime"),
    "dav": (),
    "xmpp": ("sasl",),
    "eas": ("mime", "dav"),
    "ews": ("mime", "dav"),
    "syncml": ("mime", "dav", "eas"),
}

# What other folders may see of conf: the structs and their description, not how they are read or written.
CONF_STRUCTS = re.compile(r"conf/(\w*settings|describe|limits|stored|network|outbound_route|units)\.hpp$")

# Folders of actors/ that are no family of actors but what all of them, and admin, stand on.
ACTORS_GROUND = ("net", "log", "offload", "metrics")
# A family's parent spawns it and so includes its own header: parent → children, None for all.
ACTORS_PARENTS = {"supervisor": None}

# Headers of other people's, by the folders that may use them; a header that matches none is free to all.
FOREIGN = (
    (re.compile(r"caf/"), "CAF", ("actors", "admin", "tools")),
    (re.compile(r"boost/asio|boost/beast"), "Asio and Beast", ("actors", "admin", "tools")),
    (re.compile(r"rocksdb/"), "RocksDB", ("storage", "tools")),
    (re.compile(r"yaml-cpp/"), "yaml-cpp", ("conf", "tools")),
    (re.compile(r"expat"), "expat", ("protocols",)),
    (re.compile(r"spdlog/"), "the log", ("actors", "admin", "tools")),
    (re.compile(r"openssl/ssl\.h"), "TLS streams", ("actors", "tools")),
    (re.compile(r"(sys/socket\.h|netinet/|sys/epoll\.h|poll\.h)"), "sockets", ("actors", "tools")),
    (re.compile(r"(fstream|filesystem|thread|mutex|future|sys/stat\.h|fcntl\.h)$"), "files and threads",
     ("conf", "storage", "actors", "admin", "tools")),
)  # fmt: skip

# Folders of which the preset asan compiles several files as one: their unnamed namespaces become one, too.
COMPILED_AS_ONE = ("actors", "tests/actors", "tools/stagepost-load")
WHY_NAMES_DIFFER = "the preset asan compiles several files as one, and so makes one of their unnamed namespaces"
# What a line that is not indented declares. No helper: operators, out-of-line members, TEST and other macros.
DECLARED = (
    re.compile(r"(?:struct|class|enum class|enum|union|using|namespace) (\w+)"),
    re.compile(r"(?<!::)\b(?!(?:operator|void|static_assert|[A-Z_]+)\b)(\w+)\s*[({=;\[]"),
)

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


def family(path):
    """The second folder of a path, or "" for a file that lies in the first."""
    parts = path.split("/")
    return parts[1] if len(parts) > 2 else ""


def refused_own(source, target):
    """Why the file `source` may not include our file `target`; None if it may."""
    layer, other = source.split("/")[0], target.split("/")[0]
    if other not in LAYERS:
        return "tests are included by tests only"
    if layer == "tools" or family(source) == family(target) and layer == other:
        return None
    if target.startswith("protocols/base/"):
        return None
    return {
        "protocols": refused_to_protocols,
        "conf": refused_to_conf,
        "storage": refused_to_storage,
        "actors": refused_to_actors,
        "admin": refused_to_admin,
    }[layer](source, target)


def refused_to_protocols(source, target):
    if not target.startswith("protocols/"):
        return "protocols include protocols only"
    own, wanted = family(source), family(target)
    if own not in PROTOCOLS:
        return f"protocols/{own} has no line in tools/layers.py"
    if wanted in PROTOCOLS[own]:
        return None
    return f"protocols/{own} is not made of protocols/{wanted}"


def refused_to_conf(source, target):
    return None if target.startswith("conf/") else "conf knows nothing but protocols/base"


def refused_to_storage(source, target):
    return None if target.startswith("storage/") else "storage knows nothing but protocols/base"


def refused_to_actors(source, target):
    other = target.split("/")[0]
    if other in ("protocols", "storage"):
        return None
    if other == "conf":
        return None if CONF_STRUCTS.match(target) else "actors see the structs of conf only"
    if other != "actors":
        return f"actors know nothing of {other}"
    own, wanted = family(source), family(target)
    if wanted == "" or wanted in ACTORS_GROUND or target.endswith("/interface.hpp"):
        return None
    children = ACTORS_PARENTS.get(own, ())
    if children is None or wanted in children:
        return None
    return f"another family's interface.hpp is all that actors/{own or '*'} may see of it"


def refused_to_admin(source, target):
    other = target.split("/")[0]
    if other in ("protocols", "admin"):
        return None
    if other == "conf":
        return None if CONF_STRUCTS.match(target) else "admin sees the structs of conf only"
    if other == "actors":
        ground = family(target) in ACTORS_GROUND or family(target) == ""
        return None if ground or target.endswith("/interface.hpp") else "admin sees interfaces and actors/net only"
    return f"admin knows nothing of {other}"


def refused_foreign(source, target):
    """Why `source` may not include the library header `target`; None if it may."""
    layer = source.split("/")[0]
    for pattern, name, allowed in FOREIGN:
        if pattern.match(target) and layer not in allowed:
            return f"{name}: not in {layer}"
    if re.match(r"yaml-cpp/", target) and layer == "conf" and not re.match(r"conf/(load|yaml)", source):
        return "yaml-cpp is for the reading of the file alone"
    return None


def check(root, source):
    text = (root / source).read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        target = found[2]
        own = (root / target).is_file()
        if found[1] == '"' and not own:
            if (root / source).with_name(target).is_file():
                continue  # a file beside it
            yield number, f'"{target}" is not a path from the root of the tree'
            continue
        reason = refused_own(source, target) if own else refused_foreign(source, target)
        if reason:
            yield number, f"includes {target}: {reason}"


def declared(text):
    """Line number, whether in an unnamed namespace, the namespace around it, name and line of what a file declares."""
    text = re.sub(r'R"(\w*)\(.*?\)\1"', lambda found: "\n" * found[0].count("\n"), text, flags=re.DOTALL)
    namespace, unnamed = "", False
    for number, line in enumerate(text.splitlines(), 1):
        begun = re.match(r"namespace ([\w:]+) \{$", line)
        if begun:
            namespace = begun[1]
        elif line == "namespace {" or line.startswith("} // namespace"):
            unnamed = line == "namespace {"
        elif re.match(r"\w", line) and not re.match(r"template <.*>$|using (namespace |[\w:]+;)", line):
            # A using-declaration may be repeated.
            found = next(filter(None, (pattern.search(line) for pattern in DECLARED)), None)
            if found:
                yield number, unnamed, namespace, found[1], line


def same_helpers(root, folder):
    """File, line number and sentence for each helper with the name of another file's, or of what a header declares."""
    seen = collections.defaultdict(dict)  # namespace and name → file → line
    headers = {*(root / "actors").rglob("*.hpp"), *(root / folder).rglob("*.hpp")}
    for path in (*sorted(headers), *sorted((root / folder).rglob("*.cpp"))):
        source = path.relative_to(root).as_posix()
        for number, unnamed, namespace, name, line in declared(path.read_text(encoding="utf-8", errors="replace")):
            if unnamed != (path.suffix == ".cpp"):
                continue
            others = seen[namespace, name]
            is_alias = re.match(r"(using|namespace) \w+ =.*;$", line)
            other = next((file for file in others if not (is_alias and others[file] == line)), source)
            if unnamed and source not in others and other != source:
                yield source, number, f"{name} is declared in {other}, too: {WHY_NAMES_DIFFER}"
            others.setdefault(source, line)


def sources(root):
    for layer in LAYERS:
        for path in sorted((root / layer).rglob("*")):
            if path.suffix in (".hpp", ".cpp", ".h") and "node_modules" not in path.parts:
                yield path.relative_to(root).as_posix()


def print_rules():
    for own, others in PROTOCOLS.items():
        print(f"protocols/{own}: {' '.join(('base',) * (own != 'base') + others) or 'the standard library'}")
    print("conf: protocols/base\nstorage: protocols/base")
    print(f"actors: protocols storage conf/*settings.hpp actors/*/interface.hpp actors/{{{','.join(ACTORS_GROUND)}}}")
    print("admin: protocols conf/*settings.hpp actors/*/interface.hpp actors/net\ntools: everything")
    for _, name, allowed in FOREIGN:
        print(f"{name}: {' '.join(allowed)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", nargs="?", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument("--list", action="store_true", help="print the rules")
    options = parser.parse_args()
    if options.list:
        print_rules()
        return 0
    checked = broken = 0
    for source in sources(options.root):
        checked += 1
        for number, sentence in check(options.root, source):
            broken += 1
            print(f"{source}:{number}: {sentence}")
    for folder in COMPILED_AS_ONE:
        for source, number, sentence in same_helpers(options.root, folder):
            broken += 1
            print(f"{source}:{number}: {sentence}")
    if not checked:
        print(f"there are no sources below {options.root}", file=sys.stderr)
        return 2
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
