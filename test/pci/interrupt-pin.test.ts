// INTx from a function through bridges to the root complex.
import { expect, test } from "vitest";
import type { RequesterId } from "../../host/core/address.ts";
import { Bridge } from "../../host/pci/bridge.ts";
import { RootComplex } from "../../host/pci/index.ts";
import { rootPortProfile, switchDownstreamProfile, switchUpstreamProfile } from "../../host/pci/port-profiles.ts";
import { profileConfig } from "../../host/pci/profile.ts";
import { device, MSI, MSIX, PM } from "./support/device.ts";

const COMMAND = 0x04;
const STATUS = 0x06;
const PIN = 0x3d;
const STATUS_INTERRUPT = 0x0008;
const INTERRUPT_DISABLE = 0x0400;

function scene(pin: number) {
  const root = new RootComplex({ messages: { message: () => {} } });
  const port = new Bridge("port", profileConfig(rootPortProfile({ slot: 1 })));
  const fn = device({ vectors: 2, noSoftReset: true });
  fn.config.setInitial(PIN, 1, pin);
  root.attach(port, 5, 0);
  port.attach(fn, 0, 0);
  port.configWrite(0x18, 4, 0x0001_0100);
  fn.capture(0x0100 as RequesterId);
  let changes = 0;
  root.onInterruptPins(() => {
    changes++;
  });
  return { root, port, fn, changes: () => changes };
}

test.each([
  [1, 0b0001],
  [2, 0b0010],
  [3, 0b0100],
  [4, 0b1000],
])("PCIe §2.2.8.1 function 0 below a port asserts pin %d as the port's own", (pin, expected) => {
  const { root, fn, changes } = scene(pin);
  expect(root.interruptPins(5)).toBe(0);
  const before = changes();
  fn.setInterruptPending(true);
  expect(changes()).toBeGreaterThan(before);
  expect(root.interruptPins(5)).toBe(expected);
  expect(root.interruptPins(4)).toBe(0);
  fn.setInterruptPending(false);
  expect(root.interruptPins(5)).toBe(0);
});

test("PCIe §2.2.8.1 table 2-21: a bridge turns the pins by the number of the device below it", () => {
  const { root, port, fn } = scene(2);
  const up = new Bridge("up", profileConfig(switchUpstreamProfile()));
  const down = new Bridge("down", profileConfig(switchDownstreamProfile({ slot: 1 })));
  port.detach(fn);
  port.attach(up, 0, 0);
  up.attach(down, 3, 0);
  down.attach(fn, 0, 0);
  fn.setInterruptPending(true);
  // INTB of device 3 arrives as INTA: (1 + 3) mod 4.
  expect(root.interruptPins(5)).toBe(0b0001);
});

test("PCIe §7.5.1.1.3, §7.5.1.1.4 Interrupt Disable drops the wire, Interrupt Status shows what is pending", () => {
  const { root, fn } = scene(1);
  fn.setInterruptPending(true);
  fn.configWrite(COMMAND, 2, INTERRUPT_DISABLE);
  expect(fn.configRead(STATUS, 2) & STATUS_INTERRUPT).toBe(STATUS_INTERRUPT);
  expect(root.interruptPins(5)).toBe(0);
  fn.configWrite(COMMAND, 2, 0);
  expect(root.interruptPins(5)).toBe(1);
});

test.each([
  ["MSI", MSI, 0x0001],
  ["MSI-X", MSIX, 0x8000],
])("PCIe §7.7 %s enabled: the pin is out of use", (_name, capability, enable) => {
  const { root, fn } = scene(1);
  fn.setInterruptPending(true);
  fn.configWrite(capability + 2, 2, enable);
  expect(root.interruptPins(5)).toBe(0);
  fn.configWrite(capability + 2, 2, 0);
  expect(root.interruptPins(5)).toBe(1);
});

test("PCIe §5.3.1.4 in D3hot, behind a link that is down, or taken off, nothing is asserted", () => {
  const { root, port, fn } = scene(4);
  fn.setInterruptPending(true);
  fn.configWrite(PM + 4, 2, 3);
  expect(root.interruptPins(5)).toBe(0);
  fn.configWrite(PM + 4, 2, 0);
  fn.setInterruptPending(true);
  expect(root.interruptPins(5)).toBe(0b1000);
  port.linkDown();
  expect(root.interruptPins(5)).toBe(0);
  port.linkTrained();
  fn.setInterruptPending(true);
  expect(root.interruptPins(5)).toBe(0b1000);
  port.detach(fn);
  expect(root.interruptPins(5)).toBe(0);
});
