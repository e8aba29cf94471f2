#!/bin/sh
# Gives an empty home the code sets and the index of the image, then becomes `codedesk`. Of several
# containers that share a home one copies, and the others wait. codes.db comes last, so that a copy
# that was interrupted is made again.
set -eu
home=${CODEDESK_HOME:-/data}
if [ -w "$home" ] && [ ! -e "$home/codes.db" ]; then
    exec 9>"$home/.seed.lock"
    flock 9
    if [ ! -e "$home/codes.db" ]; then
        echo "Copying the code sets and the index of the image to $home…" >&2
        rm -rf "$home/.seed"
        cp -r /app/seed "$home/.seed"
        [ -e "$home/index" ] || mv "$home/.seed/index" "$home/index"
        mv "$home/.seed/codes.db" "$home/codes.db"
        rm -rf "$home/.seed"
    fi
    exec 9>&-
fi
exec codedesk "$@"
