#!/bin/sh
# One lane of the tests: lane.sh NAME ARGUMENTS-OF-PYTEST. The suite speaks as it goes, other lanes when they are done, so that two
# of them can be read; what failed in a lane is remembered by its name for `make again`.
set -u
lane=$1
shift
kept=.pytest_cache/$lane
slow="--durations=12 --durations-min=8" # what makes it long is said before somebody wonders
mkdir -p "$kept"
echo 99 >"$kept/code" # not done yet
if [ "$lane" = suite ]; then
    # shellcheck disable=SC2086
    .venv/bin/pytest -o cache_dir="$kept" $slow "$@"
    code=$?
else
    # shellcheck disable=SC2086
    .venv/bin/pytest -o cache_dir="$kept" $slow "$@" >"$kept/said" 2>&1
    code=$?
    printf '\n%s:\n' "$lane"
    cat "$kept/said"
fi
echo $code >"$kept/code"
exit $code
