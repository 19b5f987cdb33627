#!/usr/bin/env python3
"""Every entry of a tree and what it is, and the difference of two trees.

  fingerprint.py DIR      one JSON line per entry; runs inside a node's mount namespace
An entry is: type, permission bits, owner, group, and then the length and SHA-256 of a file, the target of a link, the numbers
of a device, and extended attributes. Times are left out: images have fixed ones by design. Sockets are left out: an image holds none.
"""
import hashlib
import json
import os
import stat
import sys

_KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "link", stat.S_IFCHR: "character device",
          stat.S_IFBLK: "block device", stat.S_IFIFO: "fifo"}
_NAMES = ("type", "mode", "owner", "group", "content", "attributes")


def _sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        for part in iter(lambda: file.read(1 << 20), b""):
            digest.update(part)
    return digest.hexdigest()


def _attributes(path):
    """Extended attributes, those left out that the overlay and the kernel keep for themselves."""
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except OSError:
        return {}
    return {name: os.getxattr(path, name, follow_symlinks=False).hex() for name in sorted(names)
            if not name.startswith("trusted.overlay.")}


def _entry(path, info):
    kind = stat.S_IFMT(info.st_mode)
    content = None
    if kind == stat.S_IFREG:
        content = [info.st_size, _sha256(path)]
    elif kind == stat.S_IFLNK:
        content = os.readlink(path)
    elif kind in (stat.S_IFCHR, stat.S_IFBLK):
        content = [os.major(info.st_rdev), os.minor(info.st_rdev)]
    return [_KINDS[kind], stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid, content, _attributes(path)]


def entries(top):
    """(relative path, entry) of everything below and including the top directory."""
    pending = [""]
    while pending:
        relative = pending.pop()
        path = os.path.join(top, relative) if relative else top
        info = os.lstat(path)
        if stat.S_ISSOCK(info.st_mode):
            continue
        yield relative or ".", _entry(path, info)
        if stat.S_ISDIR(info.st_mode):
            pending += [os.path.join(relative, name) for name in os.listdir(path)]


def fingerprint(top):
    return dict(entries(top))


def difference(expected, actual, limit=20):
    """Lines that say where two fingerprints differ; empty when the trees are the same."""
    lines = []
    for path in sorted(set(expected) | set(actual)):
        one, other = expected.get(path), actual.get(path)
        if one == other:
            continue
        if one is None or other is None:
            lines.append("%s: %s" % (path, "missing" if other is None else "not in the source"))
        else:
            lines += ["%s: %s is %s, expected %s" % (path, name, b, a) for name, a, b in zip(_NAMES, one, other) if a != b]
        if len(lines) >= limit:
            return lines[:limit] + ["..."]
    return lines


def main():
    for item in entries(sys.argv[1]):
        json.dump(item, sys.stdout)
        sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
