#!/bin/sh
# Mounts one folder twice over the network, as two machines would, for the tests; as root, with
# Debian's sshfs and openssh-server. The first argument is a folder for all of it: the shared folder
# is `server` in it, the mounts are `one` and `two`, and `no_links`, which refuses hard links.
# `two_mounts.sh FOLDER end` takes it all down.
set -eu
here=$1
if [ "${2:-}" = end ]; then
    for mount in one two no_links; do
        fusermount3 -q -u -z "$here/$mount" || true
    done
    kill "$(cat "$here/sshd.pid")"
    exit 0
fi
mkdir -p "$here/server" "$here/one" "$here/two" "$here/no_links" /run/sshd
chmod 700 "$here"
ssh-keygen -q -t ed25519 -N '' -f "$here/key"
ssh-keygen -q -t ed25519 -N '' -f "$here/host_key"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat > "$here/sshd_config" << END
Port $port
ListenAddress 127.0.0.1
HostKey $here/host_key
AuthorizedKeysFile $here/key.pub
PidFile $here/sshd.pid
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
Subsystem sftp internal-sftp
END
/usr/sbin/sshd -f "$here/sshd_config" -E "$here/sshd.log"
# Without its cache of folders, sshfs shows a file as the last writer has left it, as NFS does.
options=dir_cache=no,IdentityFile=$here/key,StrictHostKeyChecking=no,UserKnownHostsFile=/dev/null
from="$(id -un)@127.0.0.1:$here/server"
sshfs -p "$port" -o "$options" "$from" "$here/one"
sshfs -p "$port" -o "$options" "$from" "$here/two"
sshfs -p "$port" -o "$options,disable_hardlink" "$from" "$here/no_links"
