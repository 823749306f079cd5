#!/bin/sh
# Starts a Slurm of one node, this machine, for the tests; as root, with Debian's slurm-wlm.
# The first argument is a folder for its files; $SLURM_CONF must be slurm.conf in it.
set -eu
node=$(hostname -s)
mkdir -p "$1/state" "$1/spool" /run/munge
chown munge:munge /run/munge
pgrep -x munged > /dev/null || runuser -u munge -- /usr/sbin/munged
cat > "$1/slurm.conf" << END
ClusterName=one
SlurmctldHost=$node
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
StateSaveLocation=$1/state
SlurmdSpoolDir=$1/spool
SlurmctldLogFile=$1/slurmctld.log
SlurmdLogFile=$1/slurmd.log
SlurmctldPidFile=$1/slurmctld.pid
SlurmdPidFile=$1/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MpiDefault=none
NodeName=$node CPUs=$(nproc) State=UNKNOWN
PartitionName=main Nodes=$node Default=YES State=UP
END
slurmctld
slurmd
for _ in $(seq 30); do
    sinfo --noheader --states=idle | grep -q . && exit 0
    sleep 1
done
echo "slurm: the node did not become idle; see $1" >&2
exit 1
