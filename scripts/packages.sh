# shellcheck shell=bash disable=SC2034
# What this project takes from Debian 12, by what needs it. docker/Dockerfile's build stage installs BUILD_PACKAGES; a
# lint compares the two.

# The program itself.
BUILD_PACKAGES=(
    gcc libc6-dev cmake ninja-build pkg-config
    libevent-dev libssl-dev libpq-dev libcjson-dev libpg-query-dev libxxhash-dev
)

# A server to try it on, and what starts it.
SERVER_PACKAGES=(postgresql-15 python3)

# Unit tests, sanitizers, fuzzing, lint.
TEST_PACKAGES=(libcmocka-dev clang libclang-rt-14-dev clang-format clang-tidy python3 git)

# Clients and neighbours in integration tests. Node comes separately: see install_node.
CLIENT_PACKAGES=(python3-psycopg pgbouncer haproxy curl jq openssl ca-certificates)

# What ./dev oracle generates statements with.
ORACLE_PACKAGES=(sqlsmith python3-psycopg)
