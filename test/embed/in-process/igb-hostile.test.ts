import { beforeEach, describe, expect, test } from "vitest";
import { HostileVf } from "../../../host/embed/in-process/misbehave.ts";
import { Bare, type Station } from "./bare.ts";

describe("i350 with a hostile VF among 4, no IOMMU in the way", () => {
  const HOSTILE = 2;
  let bare: Bare;
  let vfs: Station[];
  let hostile: HostileVf;
  let requesterId: number;

  beforeEach(async () => {
    bare = await Bare.create({ profile: "i350" });
    vfs = bare.addVfs(bare.addPf({ vfs: 4, vfMac: Bare.vfMac }));
    const driver = bare.vfDriver(vfs[HOSTILE] as Station);
    requesterId = driver.device.requesterId;
    hostile = new HostileVf(bare.guest, driver);
    bare.messages.length = 0;
  });

  const othersTalk = (): void => {
    const [a, b] = [vfs[0] as Station, vfs[3] as Station];
    const before = b.received.length;
    a.send(b.mac, b.id, 300, 20);
    bare.settle();
    expect(b.received.length - before).toBe(20);
  };

  test("a dword that the card writes for it looks like an interrupt, with the VF's requester ID", () => {
    hostile.writeDword(0xfee0_3000, 0x9d);
    bare.settle();
    expect(bare.messages).toContainEqual({ requesterId, address: 0xfee0_3000, data: 0x9d });
    othersTalk();
  });

  test("an MSI-X entry of its own making is what the VF sends", () => {
    for (let entry = 0; entry < 3; entry++) hostile.routeTo(entry, 0xfee1_2344, 0, 0x4_00fe);
    vfs[0]?.send((vfs[HOSTILE] as Station).mac, HOSTILE, 60, 1);
    bare.settle();
    expect(bare.messages).toContainEqual({ requesterId, address: 0xfee1_2344, data: 0x4_00fe });
  });

  test("it reads and writes where it wants while nothing translates: the toolbox's DMA is real", () => {
    const secret = bare.guest.allocate(4096);
    const text = new Uint8Array(64).fill(0x5a);
    text.set((vfs[0] as Station).mac, 0);
    text.set((vfs[HOSTILE] as Station).mac, 6);
    bare.guest.platform.ram.writeBytes(secret, text);
    const heard: Uint8Array[] = [];
    const take = (vfs[0] as Station).take.bind(vfs[0]);
    (vfs[0] as Station).take = (frame) => heard.push(frame.slice());
    hostile.readFrom(secret, 64);
    bare.settle();
    expect(heard).toEqual([text]);
    (vfs[0] as Station).take = take;
    const target = bare.guest.allocate(4096);
    bare.guest.platform.ram.writeBytes(target, new Uint8Array(4096));
    hostile.writeTo(target);
    vfs[0]?.send((vfs[HOSTILE] as Station).mac, HOSTILE, 60, 1);
    bare.settle();
    const got = new Uint8Array(12);
    bare.guest.platform.ram.readBytes(target, got);
    expect([...got]).toEqual([...(vfs[HOSTILE] as Station).mac, ...(vfs[0] as Station).mac]);
  });

  test.each([
    ["beyond all memory", 0x7_ffff_ffff_f000],
    ["in the card's own registers", 0xc000_0000],
    ["in the interrupt range", 0xfee0_0000],
  ])("buffers and rings %s stop its queues, and nobody else's", (_where, address) => {
    hostile.readFrom(address);
    bare.settle();
    hostile.writeTo(address);
    vfs[0]?.send((vfs[HOSTILE] as Station).mac, HOSTILE, 60, 2);
    bare.settle();
    hostile.transmitRingAt(address);
    hostile.receiveRingAt(address);
    vfs[0]?.send((vfs[HOSTILE] as Station).mac, HOSTILE, 60, 2);
    bare.settle();
    othersTalk();
    expect(hostile.behave()).toBe(true);
    const [self, other] = [vfs[HOSTILE] as Station, vfs[0] as Station];
    const before = other.received.length;
    self.send(other.mac, other.id, 60, 7);
    bare.settle();
    expect(other.received.length - before).toBe(7);
  });

  test.each([
    [0, 5, 9],
    [128, 7, 0],
    [4096, 4000, 3],
    [0xffff_ffff, 0, 0xffff],
  ])("a ring of length %i with head %i and tail %i", (length, head, tail) => {
    hostile.nonsenseRing(length, head, tail);
    bare.settle();
    othersTalk();
    expect(hostile.behave()).toBe(true);
  });

  test("random accesses to all of its registers, and the others notice nothing", () => {
    let state = 0x1234_5678;
    const random = (): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
    for (let round = 0; round < 20; round++) {
      hostile.scramble(random, 2000);
      bare.settle();
      othersTalk();
    }
    expect(hostile.behave()).toBe(true);
  });
});
