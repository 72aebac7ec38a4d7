#!/bin/sh
# Tests the decision on this machine, by its own tests and the cases.
set -eu
cd "$(dirname "$0")"
signalbox cases cases.yaml > cases.json
for test in policy_test cases_test; do
    clang-19 -std=c11 -g -Wall -Wextra -Werror -fsanitize=undefined -fsanitize-trap=all \
        -o $test $test.c policy.c -lcjson
    ./$test
done
