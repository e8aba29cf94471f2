#!/bin/sh
# Makes a home for an image. Usage: seed.sh FOLDER; CODEDESK_HOME says where the home is.
#
# FOLDER may have official files, which are loaded, and a folder `home` with the codes.db and the
# index of a desk that is stopped, with which the seed then begins: what it has loaded, and what its
# auditors approved. What the packages bring is added, and the index is built if it is not current.
set -eu
home=${CODEDESK_HOME:?}
if [ -e "$1/home/codes.db" ]; then
    # Nothing else of it: a log or a key must never be in an image.
    cp "$1"/home/codes.db* "$home"
    [ ! -d "$1/home/index" ] || cp -r "$1/home/index" "$home"
fi
if [ -n "$(find "$1" -path "$1/home" -prune -o -type f -not -name '.*' -print -quit)" ]; then
    files=$(mktemp -d)
    find "$1" -mindepth 1 -maxdepth 1 -not -name home -exec cp -r {} "$files" \;
    status=0
    codedesk codesets import --no-index "$files" || status=$?
    # 1: some files were left out, each with a sentence that says why.
    [ "$status" -le 1 ] || exit "$status"
    rm -rf "$files"
fi
codedesk setup
# What only this build needed.
rm -rf "$home/downloads" "$home"/*.lock
codedesk codesets list
