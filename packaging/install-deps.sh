#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the packages of a list (debian-packages.txt) that are missing. Silent when nothing is.
set -eu
list=${1:-$(dirname "$0")/debian-packages.txt}
missing=
for package in $(sed 's/#.*//' "$list"); do
    case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
    *"ok installed") ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0
echo "installing:$missing" >&2
sudo=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "not root and no sudo: install these packages:$missing" >&2; exit 2; }
    sudo=sudo
fi
$sudo apt-get update -qq
# shellcheck disable=SC2086 # the list is words on purpose
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
