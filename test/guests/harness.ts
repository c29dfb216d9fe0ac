// Real Linux guests for tests: every one starts from the same snapshot, which the first test that needs it makes.
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { GuestError } from "../../host/cli/guests/failure.ts";
import { type GuestFiles, guestsFolder, openGuests } from "../../host/cli/guests/store.ts";
import { LinuxPc, type PcOptions } from "../../host/cli/linux-pc.ts";
import { Snapshots } from "../../host/cli/linux-snapshots.ts";

/**
 * Until when something can be given up: the machine may be many times slower than usual, and stand still now and then. A
 * boot for the snapshot takes 15 s of a processor, and others may have to be waited for that make one.
 */
export const START_TIMEOUT = 1_800_000;
/** Seconds that a script may take. */
export const SCRIPT_SECONDS = 1800;
/** A test runs several. */
export const SCRIPT_TIMEOUT: number = 2 * SCRIPT_SECONDS * 1000;
const MEMORY = 128;

/** The guest files, or why there are none. */
export function guestFiles(): GuestFiles | string {
  try {
    return openGuests();
  } catch (error) {
    if (!(error instanceof GuestError)) throw error;
    return error.message;
  }
}

/** A guest with these cards. */
export async function startGuest(options: Omit<PcOptions, "memory">): Promise<LinuxPc> {
  const files = guestFiles();
  if (typeof files === "string") throw new Error(files);
  const pc = await LinuxPc.resume(
    files,
    { memory: MEMORY, ...options },
    new Snapshots(join(guestsFolder(), "snapshots")),
  );
  await sh(pc, 'sh -c "$NO_IPV6"');
  return pc;
}

/** What a shell script of the tests may use. */
export const PRELUDE = `
# Nothing is sent but what a test sends: IPv6 looks for neighbours and routers. A new network namespace begins with it.
NO_IPV6='for which in all default; do echo 1 >/proc/sys/net/ipv6/conf/$which/disable_ipv6; done'
# joined NAMESPACE INTERFACE ADDRESS: moves the interface into a network namespace of its own, with an address, up.
joined() {
  ip netns add $1 && inside $1 sh -c "$NO_IPV6" && ip link set $2 netns $1 && ip -n $1 link set lo up &&
    ip -n $1 addr add $3 dev $2 && ip -n $1 link set $2 up
}
# inside NAMESPACE COMMAND...: in that network namespace; main is the one that was there from the beginning.
inside() { if [ $1 = main ]; then shift; "$@"; else ip netns exec "$@"; fi; }
# until_true COMMAND...: until it succeeds; for a while.
until_true() { for i in $(seq 2000); do "$@" >/dev/null 2>&1 && return 0; sleep 0.05; done; echo "never: $*" >&2; return 1; }
# settled INTERFACE SPEED: ethtool shows a link at that speed, and the driver has told the stack of it; $settings has it.
settled() {
  settings=$(ethtool $1 | grep -E 'Speed|Duplex|Link det')
  case $settings in *" $2Mb/s"*yes) ;; *) return 1 ;; esac
}
has_link() { [ "$(inside $1 cat /sys/class/net/$2/carrier)" = 1 ]; }
listens() { inside $1 grep ":$(printf %04X $2) 0*:0000 0A " /proc/net/tcp /proc/net/tcp6; }
# answered COUNT NAMESPACE WORD...: ping's, one after the other, until the first COUNT packets have their answers. What it
# sent last does not count: a ping that is to end by itself gives a guest that stood still no time for that one. It asks for
# its neighbours anew: what begins to look for one that was not there gives up later, and drops what others send meanwhile.
answered() {
  wanted=$1 home=$2; shift 2
  inside $home ip neigh flush all
  inside $home ping -A -w 1500 "$@" | awk -v wanted=$wanted '
    match($0, /seq=[0-9]+/) { if (substr($0, RSTART + 4, RLENGTH - 4) + 0 != got + 0) { print; exit } if (++got == wanted) exit }
    END { print got + 0 " of " wanted " answered" }'
}
# vf_name PF VF: its name, while it is in the PF's network namespace.
vf_name() { ls /sys/class/net/$1/device/virtfn$2/net; }
# amiss: what in the kernel's log should not be there.
amiss() { dmesg | grep -E 'WARNING:|BUG:|NETDEV WATCHDOG|Tx Unit Hang|igb.*([Ff]ail|[Ee]rror|timed out|[Rr]efused)' || true; }
`;

/** Runs a shell script in the guest; its standard output. Throws unless its status is 0. */
export async function sh({ guest }: Pick<LinuxPc, "guest">, script: string): Promise<string> {
  const { status, stdout, stderr } = await guest.collect(`${PRELUDE}${script}`, SCRIPT_SECONDS);
  if (status === 0) return stdout;
  throw new Error(`status ${status} of:\n${script}\nstdout:\n${stdout}\nstderr:\n${stderr}`);
}

/**
 * Tests that share one guest. Without guest files they are skipped, and the title says why; where CI is set they fail.
 */
export function describeGuest(
  title: string,
  options: Omit<PcOptions, "memory">,
  tests: (pc: () => LinuxPc) => void,
): void {
  describeWithFiles(title, () => {
    let pc: LinuxPc | undefined;
    beforeAll(async () => {
      pc = await startGuest(options);
    }, START_TIMEOUT);
    afterAll(() => pc?.stop());
    tests(() => {
      if (pc === undefined) throw new Error("the guest has not started");
      return pc;
    });
  });
}

/** As `describeGuest`, for tests that start guests by themselves. */
export function describeWithFiles(title: string, tests: () => void): void {
  const files = guestFiles();
  if (typeof files !== "string") describe(title, { timeout: SCRIPT_TIMEOUT }, tests);
  else if (process.env.CI === undefined) describe.skip(`${title}: ${files}`, tests);
  else throw new Error(files);
}
