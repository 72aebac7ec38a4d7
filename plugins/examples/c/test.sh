#!/bin/sh
# Tests the decision on this machine.
set -eu
cd "$(dirname "$0")"
clang-19 -std=c11 -g -Wall -Wextra -Werror -fsanitize=undefined -fsanitize-trap=all \
    -o policy_test policy_test.c policy.c
./policy_test
