// Real Linux guests for tests: every one starts from the same snapshot, which the first test that needs it makes.
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { GuestError } from "../../host/cli/guests/failure.ts";
import { type GuestFiles, guestsFolder, openGuests } from "../../host/cli/guests/store.ts";
import { LinuxPc, type PcOptions } from "../../host/cli/linux-pc.ts";
import { Snapshots } from "../../host/cli/linux-snapshots.ts";

/** A boot for the snapshot takes 15 s of a processor that may be shared. */
export const START_TIMEOUT = 400_000;
/** Seconds that a script may take. */
const SCRIPT_SECONDS = 240;
export const SCRIPT_TIMEOUT: number = SCRIPT_SECONDS * 1000 + 10_000;
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
  return await LinuxPc.resume(files, { memory: MEMORY, ...options }, new Snapshots(join(guestsFolder(), "snapshots")));
}

/** What a shell script of the tests may use. */
export const PRELUDE = `
# Nothing is sent but what a test sends. A new network namespace has defaults of its own.
NO_IPV6='echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6'
eval "$NO_IPV6"
# joined NAMESPACE INTERFACE ADDRESS: moves the interface into a network namespace of its own, with an address, up.
joined() {
  ip netns add $1 && inside $1 sh -c "$NO_IPV6" && ip link set $2 netns $1 && ip -n $1 link set lo up &&
    ip -n $1 addr add $3 dev $2 && ip -n $1 link set $2 up
}
inside() { ip netns exec "$@"; }
# until_true COMMAND...: until it succeeds; for a while.
until_true() { for i in $(seq 200); do "$@" >/dev/null 2>&1 && return 0; sleep 0.05; done; echo "never: $*" >&2; return 1; }
has_link() { [ "$(inside $1 cat /sys/class/net/$2/carrier)" = 1 ]; }
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
