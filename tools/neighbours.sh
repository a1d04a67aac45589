#!/bin/sh
# Installs the mail programs that tests run as scratch instances (Debian or Ubuntu, as root). Asks nothing and starts no service.
# --city: also what `make city` builds a release, containers and bare roots of Debian with
set -eu
# libnet-ssleay-perl: TLS in swaks; maildir-utils: mu; notmuch and mu are the peers of `make bench`
# postgresql-17 by its number: the one on the path may be older; chromium: pages are looked at by a real browser, and by its part
# without windows where there is a package of that, which starts and draws in less time
# prometheus: scrapes us and runs the alerts of deploy/prometheus (promtool comes with it)
# vdirsyncer: reads the address book by CardDAV; mandoc: reads our manual pages
# nginx: reads the file that is shipped for the pages, and starts nothing
# pst-utils: readpst, the second reader of Outlook files; tesseract: text of scans
want="systemd postfix dovecot-core dovecot-lmtpd dovecot-imapd swaks libnet-ssleay-perl openssl gnupg curl rspamd spamassassin spamd clamav-daemon clamav-milter slapd ldap-utils notmuch maildir-utils pst-utils tesseract-ocr tesseract-ocr-eng tesseract-ocr-spa postgresql-17 rsyslog rsyslog-openssl chromium fonts-dejavu-core dovecot-auth-lua prometheus vdirsyncer mandoc nginx"
# crun, nftables and aardvark-dns: podman's containers run, have a network and know each other by name; gpg and the keyring:
# mmdebstrap trusts Debian; git, python3.13 with venv: a release is of a commit, and for Debian's own Python
[ "${1:-}" != --city ] || want="$want podman buildah podman-compose crun nftables aardvark-dns mmdebstrap debian-archive-keyring gpg ca-certificates iproute2 util-linux git python3.13 python3.13-venv dpkg"
if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "No neighbours installed: this is not Debian or Ubuntu. Tests that need them say so: $want"
    exit 0
fi
missing=
[ -z "$(apt-cache madison chromium-headless-shell 2>/dev/null)" ] || want="$want chromium-headless-shell"
for package in $want; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
    echo "No neighbours installed: that needs root. Missing:$missing"
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
policy=${POLICY_RC_D:-/usr/sbin/policy-rc.d}
if [ ! -e "$policy" ]; then # 101: packages may not start what they bring
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi
# without this answer Postfix would get a configuration as an Internet site
echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
apt-get -o DPkg::Lock::Timeout=300 -q update >&2
# shellcheck disable=SC2086
apt-get -o DPkg::Lock::Timeout=300 -q install -y --no-install-recommends $missing >&2
