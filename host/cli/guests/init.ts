// The guest's first program: a shell script that makes a small system, an agent on the second serial port and a shell on
// the first.

/** Begins what the guest says of itself (ASCII: record separator), so that it is told from a script's output. */
export const SEPARATOR = "\x1e";
const PRINTED_SEPARATOR = "\\036";
/** Holds what the script that runs is called. */
const RUNNING = "/run/script";
/** Between whoever fetches the input and the scripts. */
const INPUT_PIPE = "/run/input";
/** What a shell reports for a program that SIGKILL ended. */
const KILLED = 137;

/** Folder of busybox's own programs, after Debian's own in the search path. */
const APPLETS = "/applets";
/** What the agent says when it listens. */
export const AGENT_READY = "agent ready";
/** What is said, followed by the status, when the console's shell was left. */
export const SHELL_LEFT = "left";
/** What is said, followed by an input's name, when the next piece of that input is wanted. */
export const INPUT_WANTED = "input";
/** Stands for no input where one's name is expected. */
export const NO_INPUT = "-";
/** Holds the number of the process that is the console's shell. */
export const CONSOLE_SHELL = "/run/console";
/** What the console's shell and its children find in their environment, as lines of shell. */
export const ENVIRONMENT = "/run/environment";
/** What the console's shell says when it listens. */
export const PROMPT = "guest:~# ";

/**
 * The agent's words, both ways over /dev/ttyS1. Host: `TAG LENGTH INPUT` and a line break, then LENGTH bytes of a shell
 * script. Guest: what the script writes to its standard output, then `TAG STATUS` and a line break. The script's standard
 * error output leaves by /dev/ttyS2. One script at a time. An agent that finds another one's script has it end as killed:
 * nobody waits for it any more.
 *
 * INPUT names what the script's standard input is; what one script leaves of it, the next one gets that names the same.
 * Guest, over /dev/ttyS1: `input INPUT` for each piece that there is room for. Host, over /dev/ttyS2: a line break,
 * `INPUT LENGTH`, a line break and LENGTH bytes; none of them is the end. What was under way for another input is skipped:
 * that is what the first line break is for.
 */
const AGENT = `#!/bin/sh
exec </dev/ttyS1 3</dev/ttyS2 4</dev/null
for port in /dev/ttyS1 /dev/ttyS2; do stty -F $port raw -echo; done
feed() {
  while printf '${PRINTED_SEPARATOR}${INPUT_WANTED} %s\\n' "$1" >/dev/ttyS1; do
    while read -r name length <&3 && [ "$name" != "$1" ]; do :; done
    [ "$length" != 0 ] && head -c "$length" <&3 || break
  done
}
input=${NO_INPUT}
use_input() {
  [ "$1" != "$input" ] || return
  [ $input = ${NO_INPUT} ] || kill $feeder 2>/dev/null
  input=$1
  if [ $input = ${NO_INPUT} ]; then
    exec 4</dev/null
  else
    rm -f ${INPUT_PIPE}
    mkfifo ${INPUT_PIPE}
    feed $input </dev/null 4<&- >${INPUT_PIPE} &
    feeder=$!
    exec 4<${INPUT_PIPE}
  fi
}
if [ -s ${RUNNING} ]; then
  printf '%s ${KILLED}\\n' "$(cat ${RUNNING})" >/dev/ttyS1
  : >${RUNNING}
fi
printf '${PRINTED_SEPARATOR}${AGENT_READY}\\n' >/dev/ttyS1
while read -r tag length wanted; do
  printf %s "$tag" >${RUNNING}
  head -c "$length" >/tmp/.script
  use_input "$wanted"
  setsid sh /tmp/.script <&4 3<&- 4<&- >/dev/ttyS1 2>/dev/ttyS2
  status=$?
  # Setting a mode waits until everything has left.
  for port in /dev/ttyS2 /dev/ttyS1; do stty -F $port raw -echo; done
  : >${RUNNING}
  printf '%s %s\\n' "$tag" "$status" >/dev/ttyS1
done
`;

const INIT = `#!/bin/busybox sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:${APPLETS} HOME=/root TERM=linux
/bin/busybox mkdir -p ${APPLETS} && /bin/busybox --install -s ${APPLETS}
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /run/netns
mount -t devpts pts /dev/pts
mount -t tmpfs tmp /tmp
mount -t debugfs debug /sys/kernel/debug
hostname guest
cd /root
ip link set lo up
modprobe -a igb igbvf 8021q
while :; do
  [ "$keeper" ] && kill -0 $keeper 2>/dev/null || { while :; do /sbin/agent; done & keeper=$!; }
  setsid cttyhack sh -c 'echo $$ >${CONSOLE_SHELL}; exec sh -l'
  status=$?
  printf '${PRINTED_SEPARATOR}${SHELL_LEFT} %s\\n' $status >/dev/ttyS1
  # What killed the shell may have killed everything: the agent's keeper has the time to end.
  [ $status != ${KILLED} ] || sleep 0.5
done
`;

/** Files of the guest's own, by path: content and mode. */
export const OWN_FILES: ReadonlyMap<string, { content: string; mode: number }> = new Map([
  ["init", { content: INIT, mode: 0o755 }],
  ["sbin/agent", { content: AGENT, mode: 0o755 }],
  ["etc/passwd", { content: "root:x:0:0:root:/root:/bin/sh\n", mode: 0o644 }],
  ["etc/profile", { content: `export PS1='guest:\\w# '\n[ ! -r ${ENVIRONMENT} ] || . ${ENVIRONMENT}\n`, mode: 0o644 }],
  ["etc/group", { content: "root:x:0:\n", mode: 0o644 }],
  ["etc/hosts", { content: "127.0.0.1 localhost guest\n", mode: 0o644 }],
]);
export const OWN_LINKS: ReadonlyMap<string, string> = new Map([
  ["bin/sh", "busybox"],
  // The kernel asks for modules by this name.
  ["sbin/modprobe", "/bin/busybox"],
]);
