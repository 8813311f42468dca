#!/bin/sh
# Run once by the image of PostgreSQL, or by hand as the database's owner: the role that coordinators run under. It can read and append, never change.
set -eu
export RUNNER_PASSWORD_FILE="${RUNNER_PASSWORD_FILE:-/run/secrets/runner_password}"
psql -q -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-lm_owner}" --dbname "${POSTGRES_DB:-coordinator}" <<'SQL'
\set password `head -n 1 "$RUNNER_PASSWORD_FILE"`
create role lm_runner login password :'password';
SQL
