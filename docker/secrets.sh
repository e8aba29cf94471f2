#!/bin/sh
# Makes the password of the database for compose.postgres.yaml, in docker/secrets. The files can be
# read by the users of the containers; the folder keeps everyone else on this host out.
set -eu
cd "$(dirname "$0")"
if [ -e secrets/postgres_password ]; then
    echo "docker/secrets has a password already. The database keeps the one it began with." >&2
    exit 1
fi
mkdir -p -m 0700 secrets
password=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
printf '%s' "$password" >secrets/postgres_password
printf 'postgresql://codedesk:%s@database:5432/codedesk' "$password" >secrets/database_url
chmod 0444 secrets/postgres_password secrets/database_url
echo "Made docker/secrets/postgres_password and docker/secrets/database_url."
