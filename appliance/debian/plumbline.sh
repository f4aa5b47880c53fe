#!/bin/sh
# Runs plumbline on the home of this machine's service. Root acts as the service's own user there, so
# that no file of the home belongs to anybody else. What the caller has set counts, and so does --home.
set -eu
program=/usr/lib/plumbline/plumbline
user=plumbline
given_home=${PLUMBLINE_HOME-}
given_lang=${PLUMBLINE_LANG-}
if [ -r /etc/default/plumbline ]; then
    . /etc/default/plumbline
fi
own=${PLUMBLINE_HOME-/var/lib/plumbline}
export PLUMBLINE_HOME="${given_home:-$own}"
export PLUMBLINE_LANG="${given_lang:-${PLUMBLINE_LANG-zh}}"
as_user=no
if [ "$(id -u)" = 0 ] && [ "$PLUMBLINE_HOME" = "$own" ]; then
    as_user=yes
    for word in "$@"; do
        case "$word" in
        --home | --home=*) as_user=no ;;
        esac
    done
fi
if [ "$as_user" = yes ]; then
    exec setpriv --reuid="$user" --regid="$user" --init-groups -- "$program" "$@"
fi
exec "$program" "$@"
