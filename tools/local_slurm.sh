#!/usr/bin/env bash
# A Slurm of one node on this machine, for trying `biosig submit` and for the tests marked `slurm`.
#
#   tools/local_slurm.sh start FOLDER      starts munged, slurmctld and slurmd; all their files lie in FOLDER
#   export SLURM_CONF=FOLDER/slurm.conf    tells sbatch, squeue, scancel and biosig where it is
#   tools/local_slurm.sh kill-node FOLDER  kills the node's daemon and its jobs, as a power cut would
#   tools/local_slurm.sh start-node FOLDER
#   tools/local_slurm.sh stop FOLDER       stops what was started; removes nothing
#
# Debian and Ubuntu: apt-get install slurm-wlm munge. Run it as root, or as a user who then is the only one to
# submit. There is no accounting and no control group: a job's memory is asked for, and not held to.
set -euo pipefail

die() { echo "local_slurm.sh: $*" >&2; exit 2; }
[ $# -eq 2 ] || die "expected start, stop, kill-node or start-node, and a folder."
mkdir -p "$2"
HERE=$(cd "$2" && pwd)
export SLURM_CONF=$HERE/slurm.conf
PATH=$PATH:/usr/sbin:/sbin
NODE=local

configure() {
  local cores memory
  cores=$(getconf _NPROCESSORS_ONLN) memory=$(awk '/MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo)
  mkdir -p "$HERE"/{state,spool,munge}
  chmod 700 "$HERE/munge"
  cat > "$SLURM_CONF" <<EOF
ClusterName=biosig
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
# a requeued job starts again once the old credential is void: 120 s by default
AuthInfo=socket=$HERE/munge/socket,cred_expire=10
StateSaveLocation=$HERE/state
SlurmdSpoolDir=$HERE/spool
SlurmctldPidFile=$HERE/slurmctld.pid
SlurmdPidFile=$HERE/slurmd.pid
SlurmctldLogFile=$HERE/slurmctld.log
SlurmdLogFile=$HERE/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=batch_sched_delay=0,sched_interval=2
SlurmdTimeout=15
SlurmctldTimeout=30
KillWait=5
# how long a job that its node does not know may count as still coming
BatchStartTimeout=2
MailProg=/bin/true
MpiDefault=none
ReturnToService=2
JobRequeue=1
NodeName=$NODE NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 CPUs=$cores RealMemory=$memory State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=1-00:00:00 DefMemPerCPU=512 State=UP
EOF
}

start() {
  for program in munged slurmctld slurmd sbatch; do
    command -v $program > /dev/null || die "$program is not installed: expected Debian's slurm-wlm and munge."
  done
  [ -f "$SLURM_CONF" ] || configure
  [ -f "$HERE/munge/key" ] || (umask 077 && head -c 1024 /dev/urandom > "$HERE/munge/key")
  munged --force --key-file="$HERE/munge/key" --socket="$HERE/munge/socket" --pid-file="$HERE/munge/pid" \
    --log-file="$HERE/munge/log" --seed-file="$HERE/munge/seed" 2> /dev/null
  slurmctld
  start_node
}

start_node() {
  slurmd -N $NODE
  for _ in $(seq 60); do
    [ "$(sinfo --noheader --format=%t 2> /dev/null)" != "" ] && sinfo --noheader --format=%t | grep -qE '^(idle|mix|alloc)$' && return
    sleep 0.5
  done
  die "the node did not come up; see $HERE/slurmd.log and $HERE/slurmctld.log."
}

kill_node() {  # the steps first: they are no children of the daemon
  local daemon step
  daemon=$(cat "$HERE/slurmd.pid")
  for step in $(pgrep -f "^slurmstepd: \[[0-9]+\.[a-z0-9]+\]" || true); do
    grep -qz "^SLURM_CONF=$SLURM_CONF$" "/proc/$step/environ" 2> /dev/null || continue
    pkill -9 -g "$step" || true
    for child in $(descendants "$step"); do kill -9 "$child" 2> /dev/null || true; done
    kill -9 "$step" 2> /dev/null || true
  done
  kill -9 "$daemon"
}

descendants() {
  local child
  for child in $(pgrep -P "$1" || true); do descendants "$child"; echo "$child"; done
}

stop() {
  scancel --user="$(id -un)" 2> /dev/null || true
  for name in slurmd slurmctld munge/; do
    local file=$HERE/${name%/}.pid
    [ "$name" = munge/ ] && file=$HERE/munge/pid
    if [ -f "$file" ]; then kill "$(cat "$file")" 2> /dev/null || true; fi
  done
}

case $1 in
  start) start ;;
  stop) stop ;;
  kill-node) kill_node ;;
  start-node) start_node ;;
  *) die "$1 is unknown: expected start, stop, kill-node or start-node." ;;
esac
