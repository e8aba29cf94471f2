#!/usr/bin/env bash
# `make container-check`: linters over everything in this folder. The first run installs them into
# .venv-container (half a gigabyte), for which PYTHON may name a Python. kubectl, if it is there,
# renders the manifests; without it they are left to tests/test_container.py.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv-container/bin
if [ ! -e .venv-container/installed ] || [ docker/lint-requirements.txt -nt .venv-container/installed ]; then
    "${PYTHON:-python3}" -m venv .venv-container
    $bin/pip install --disable-pip-version-check --quiet --requirement docker/lint-requirements.txt
    touch .venv-container/installed
fi
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
checkov() { $bin/checkov --quiet --compact --skip-download --skip-results-upload "$@"; }

echo "== scripts"
$bin/shellcheck docker/*.sh

echo "== YAML"
$bin/yamllint --strict --config-file docker/yamllint.yaml docker

echo "== Dockerfile"
$bin/hadolint docker/Dockerfile
# CKV_DOCKER_7 takes an image that an ARG names for one without a tag.
checkov --framework dockerfile --skip-check CKV_DOCKER_7 --file docker/Dockerfile

echo "== Compose"
for files in compose.yaml "compose.yaml compose.postgres.yaml"; do
    options=()
    for file in $files; do options+=(--file "docker/$file"); done
    $bin/docker-compose "${options[@]}" --profile '*' config --output "$made/compose.yaml"
    test -s "$made/compose.yaml"
    # CL-0019: images by tag, since a digest is for whoever runs them to choose.
    printf 'rules:\n  CL-0019:\n    enabled: false\n' >"$made/compose-lint.yaml"
    $bin/compose-lint --config "$made/compose-lint.yaml" --fail-on low "$made/compose.yaml"
done

echo "== Kubernetes"
if command -v kubectl >/dev/null; then
    kubectl kustomize docker/kubernetes >"$made/kubernetes.yaml"
    for version in 1.30.0 1.37.0; do
        $bin/kubernetes-validate --strict --quiet --kubernetes-version $version \
            "$made/kubernetes.yaml" docker/kubernetes/secrets.example.yaml
    done
    # CKV_K8S_43, CKV_K8S_15: images by tag, as above. A tag of ours never changes.
    checkov --framework kubernetes --skip-check CKV_K8S_43,CKV_K8S_15 --file "$made/kubernetes.yaml"
else
    echo "kubectl is not there, so the manifests are not rendered"
fi
echo "All is well."
