#!/bin/sh
# Right: names with the characters that separate options, a layer between, and changes by cp, mv and a redirection.
. "$(dirname "$0")/layers.sh"

volumes_outside() {
    mkdir media data config mid:dle mid:dle/etc
    echo between > mid:dle/etc/motd
}
lay_over() {
    mount -t overlay overlay -o "lowerdir=mid\:dle:small:fs,upperdir=$1/upper,workdir=$1/work,userxattr" "$1/root"
}
changes() {
    cp /etc/hosts /tmp/hosts
    echo '10.0.0.3 database' >> /tmp/hosts
    mv /tmp/hosts /etc/hosts
    # Copied up for its permissions, and only then written to.
    chmod 600 /etc/passwd
    echo changed > /etc/passwd
    echo 'written inside' > /root/notes
    rm /bin/vi
    rm -r /srv
    mkdir /srv
}

main "$@"
