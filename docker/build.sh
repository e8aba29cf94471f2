#!/usr/bin/env bash
# Builds the Dockerfile beside it without Docker and without a registry of images, and tries what it
# built. Needs Linux, root, and of Debian: buildah debootstrap; and for `try`: podman conmon runc.
#
#   docker/build.sh            all steps
#   docker/build.sh base       a base by debootstrap: Debian's Python in place of python:3.11-slim
#   docker/build.sh build      the images, from that base (or from BASE and BUILDER)
#   docker/build.sh try        starts them, asks, audits, stops, and prints what it took: try.py
#
# Variables, none of which is needed:
#   WORK      a folder for everything that is made (default: a folder in TMPDIR)
#   MIRROR    where debootstrap fetches Debian from (default: debootstrap's own)
#   SUITE     the release of Debian (default: bookworm, which has Python 3.11)
#   BASE, BUILDER     images to build from, instead of debootstrap's
#   EXTRAS    in place of the Dockerfile's
#   PIP_CONF  a pip.conf for the build, where packages come from a mirror
#   BUILD_OPTIONS     more options of `buildah build`, such as --volume for certificates
#   TARGETS   which images to build (default: "serve with-index")
#   RUNTIME   what podman runs containers by (default: runc)
set -euo pipefail
cd "$(dirname "$0")/.."
WORK=${WORK:-${TMPDIR:-/tmp}/codedesk-image}
SUITE=${SUITE:-bookworm}
TARGETS=${TARGETS:-serve with-index}
VERSION=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
export BUILDAH_ISOLATION=chroot
storage=(--root "$WORK/storage" --runroot "$WORK/run" --storage-driver "${STORAGE_DRIVER:-overlay}")

say() { printf '\n== %s\n' "$*"; }

in_seconds() { # in_seconds WHAT COMMAND…: runs it, and says how long it took
    local what=$1 began=$SECONDS
    shift
    "$@"
    echo "-- $what: $((SECONDS - began)) s"
}

buildah_() { buildah "${storage[@]}" "$@"; }

image_of() { [ "$1" = serve ] && echo "codedesk:$VERSION" || echo "codedesk:$VERSION-$1"; }

# A base that is like python:3.11-slim: Debian, Python, certificates; no caches and no manuals.
base() {
    local root="$WORK/base" container
    say "base: Debian $SUITE by debootstrap"
    if [ ! -e "$WORK/base.done" ]; then
        rm -rf "$root"
        debootstrap --variant=minbase --include=python3,ca-certificates \
            "$SUITE" "$root" ${MIRROR:+"$MIRROR"} >"$WORK/debootstrap.log"
        touch "$WORK/base.done"
    fi
    container=$(buildah_ from scratch)
    tar --create --directory "$root" --one-file-system --exclude='./var/cache/apt/*' \
        --exclude='./var/lib/apt/lists/*' --exclude='./usr/share/doc/*' \
        --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' --exclude='./var/log/*' \
        --exclude='./usr/share/info/*' --exclude='./dev/*' --exclude='./proc/*' . \
        >"$WORK/base.tar"
    buildah_ add --quiet "$container" "$WORK/base.tar" / >/dev/null
    rm "$WORK/base.tar"
    buildah_ config --cmd python3 "$container"
    buildah_ commit --quiet --rm "$container" codedesk-base >/dev/null
    # The build also needs pip, and binutils for strip.
    container=$(buildah_ from codedesk-base)
    buildah_ run "$container" -- sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
        apt-get install -qq -y --no-install-recommends python3-pip python3-venv binutils' \
        >"$WORK/builder.log" 2>&1
    buildah_ commit --quiet --rm "$container" codedesk-builder >/dev/null
}

build() {
    local target options=()
    # shellcheck disable=SC2206  # several options in one variable
    [ -z "${BUILD_OPTIONS:-}" ] || options+=($BUILD_OPTIONS)
    [ -z "${PIP_CONF:-}" ] || options+=(--secret "id=pip,src=$PIP_CONF")
    [ -z "${EXTRAS:-}" ] || options+=(--build-arg "EXTRAS=$EXTRAS")
    for target in $TARGETS; do
        say "build: $(image_of "$target")"
        # --layers: what did not change is not built again.
        in_seconds "built $(image_of "$target")" buildah_ build --layers --format docker \
            --build-arg "BASE=${BASE:-localhost/codedesk-base}" \
            --build-arg "BUILDER=${BUILDER:-localhost/codedesk-builder}" \
            --build-arg "VERSION=$VERSION" \
            --build-arg "REVISION=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)" \
            "${options[@]}" --target "$target" --tag "$(image_of "$target")" \
            --file docker/Dockerfile .
    done
}

try() {
    local target
    for target in $TARGETS; do
        say "try: $(image_of "$target")"
        python3 docker/try.py --storage "$WORK" --runtime "${RUNTIME:-runc}" \
            "localhost/$(image_of "$target")"
    done
}

mkdir -p "$WORK"
for step in "${@:-base build try}"; do
    for one in $step; do
        case $one in
        base | build | try) in_seconds "$one" "$one" ;;
        *) echo "docker/build.sh: $one is no step; base, build and try are" >&2; exit 2 ;;
        esac
    done
done
