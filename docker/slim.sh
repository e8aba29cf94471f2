#!/bin/sh
# Takes out of an environment of Python what serving never reads, by rules that hold for any package.
# Usage: slim.sh ENVIRONMENT. docker/check.py then imports all that is left.
set -eu
site=$(echo "$1"/lib/python3.*/site-packages)
before=$(du -sm "$1" | cut -f1)

# The packages' own tests. Sources for compilers stay: they are few megabytes, and some package reads
# its own when it is imported.
find "$site" -mindepth 2 -type d \( -name tests -o -name test \) -prune -exec rm -rf {} +
# Symbols for debuggers: more than a hundred megabytes, most of them of spaCy. The libraries in
# *.libs were rewritten when their wheel was made, and strip may damage such files.
find "$site" -type f -name '*.so*' -not -path '*.libs/*' -exec strip --strip-unneeded {} +
rm -f "$1"/bin/activate* "$1"/bin/Activate*
# Datasette and sqlite-utils bring pip for commands of theirs that install plug-ins.
rm -rf "$site"/pip "$site"/pip-*.dist-info "$1"/bin/pip*

# Compiled now, since nothing can be written later. The image never changes, so that no file has to
# be compared with its source when it is imported.
find "$1" -type d -name __pycache__ -prune -exec rm -rf {} +
"$1"/bin/python -m compileall -q --invalidation-mode unchecked-hash "$site" || true

echo "slim.sh: $before MB before, $(du -sm "$1" | cut -f1) MB after"
