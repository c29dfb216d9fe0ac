// Two ports of one card, a cable between them, and Linux's own network stack at both ends.
import { expect, test } from "vitest";
import { joinNeighbours } from "../../host/cli/linux-pc.ts";
import { describeGuest, sh } from "./harness.ts";

describeGuest("two ports of an I350, joined by a cable", { cards: [{ ports: 2 }], wire: joinNeighbours }, (pc) => {
  test("1000 pings, none lost, by interrupts of each queue's own vector", async () => {
    const frames: number[] = [0, 0];
    const untap = pc().machine.cables.all[0]?.tap((_frame, to) => {
      frames[to] = (frames[to] as number) + 1;
    });
    const said = await sh(
      pc(),
      `joined left eth0 10.0.0.1/24 && joined right eth1 10.0.0.2/24
       until_true has_link left eth0 && until_true has_link right eth1
       answered 1000 left -s 700 10.0.0.2`,
    );
    untap?.();
    expect(said).toBe("1000 of 1000 answered\n");
    // Both ways over the cable: the stack has taken no short cut.
    expect(Math.min(...frames)).toBeGreaterThanOrEqual(1000);
    const vectors = await sh(pc(), "grep -E 'eth[01]-[rt]x' /proc/interrupts");
    const counts = new Map(
      vectors
        .trim()
        .split("\n")
        .map((line) => [line.trim().split(/\s+/).at(-1), Number(line.trim().split(/\s+/)[1])]),
    );
    expect([...counts.keys()].sort()).toEqual(["eth0-rx-0", "eth0-tx-0", "eth1-rx-0", "eth1-tx-0"]);
    for (const count of counts.values()) expect(count).toBeGreaterThan(50);
  });

  test("frames of many sizes up to 9000 bytes arrive whole, whatever the size of the buffers", async () => {
    const said = await sh(
      pc(),
      `for end in "left eth0" "right eth1"; do ip -n \${end% *} link set \${end#* } mtu 9000; done
       until_true inside left ping -c 1 -W 1 -s 8972 10.0.0.2
       for size in 1 17 18 19 1472 1473 2000 4096 8000 8972; do
         answered 10 left -s $size 10.0.0.2
       done`,
    );
    expect(said).toBe("10 of 10 answered\n".repeat(10));
  });

  test("a link that is taken down is seen at the other end, and comes back", async () => {
    await sh(pc(), "ip -n right link set eth1 down; no_link() { ! has_link left eth0; }; until_true no_link");
    const said = await sh(
      pc(),
      `ip -n right link set eth1 up; until_true has_link left eth0; until_true has_link right eth1
       answered 10 left 10.0.0.2`,
    );
    expect(said).toBe("10 of 10 answered\n");
    const log = await sh(pc(), "dmesg | grep 'eth0.*Link is'");
    expect(log).toMatch(/NIC Link is Down[\s\S]*NIC Link is Up 1000 Mbps Full Duplex/);
  });
});
