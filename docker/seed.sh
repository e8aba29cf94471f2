#!/bin/sh
# Makes a home for an image: loads the official files of a folder, if there are any, and what the
# packages bring, and builds the index. Usage: seed.sh FOLDER; CODEDESK_HOME says where the home is.
set -eu
if [ -n "$(find "$1" -type f -not -name '.*' -print -quit)" ]; then
    status=0
    codedesk codesets import --no-index "$1" || status=$?
    # 1: some files were left out, each with a sentence that says why.
    [ "$status" -le 1 ] || exit "$status"
fi
codedesk setup
# What only this build needed.
rm -rf "${CODEDESK_HOME:?}/downloads" "$CODEDESK_HOME"/*.lock
codedesk codesets list
