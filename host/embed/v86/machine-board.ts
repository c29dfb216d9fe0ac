// A whole machine as the guest's board: its RAM is the guest's, its processor the guest's.
import type { Hpa } from "../../core/address.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { AddressMap } from "../../machine/address-map.ts";
import * as layout from "../../machine/layout.ts";
import type { Machine, MachineState } from "../../machine/machine.ts";
import type { Board } from "./board.ts";

/** The APIC ID of v86's only processor. */
const APIC_ID = 0;

/** @param showUnit lets the guest see the IOMMU unit. */
export function machineBoard(machine: Machine, showUnit: boolean): Board {
  const { map, root, iommu, clock } = machine;
  const { hostAddressWidth, interruptRemapping } = iommu.capabilities;
  const unit = {
    base: layout.IOMMU_BASE,
    size: layout.IOMMU_SIZE,
    handler: iommu.mmio,
    addressWidth: hostAddressWidth,
    remapsInterrupts: interruptRemapping,
  };
  return {
    kind: "machine",
    root,
    unit: showUnit ? unit : undefined,
    place: (ram, { ecam, memory }) => {
      if (map.regions().length > 0)
        throw new ArgumentError(
          "machine",
          map.regions().length,
          "regions are in its address map already: it is attached, or has RAM of its own",
        );
      const remove = regions(map, [
        () => map.addExternalRam({ base: 0 as Hpa, ...ram.backing }),
        () => map.addMmio({ ...at(ecam), handler: root.ecam }),
        ...memory.map((one) => () => map.addMmio({ ...at(one), handler: root.memoryWindow(one.base as Hpa) })),
        ...(showUnit ? [() => map.addMmio({ ...at(unit), handler: unit.handler })] : []),
      ]);
      // A machine that is disposed of has no regions any more.
      return () => {
        if (!machine.engine.closed) remove();
      };
    },
    connect: (sink) => {
      machine.interrupts.fabric.connect(APIC_ID, sink);
      return () => machine.interrupts.fabric.disconnect(APIC_ID);
    },
    get disposed() {
      return machine.engine.closed;
    },
    get nowNs() {
      return clock.nowNs;
    },
    get nextDeadlineNs() {
      return machine.nextDeadlineNs;
    },
    run: (ns) => machine.run(ns),
    reset: () => machine.reset(),
    save: () => machine.save(),
    restore: (state) => machine.restore(state as MachineState),
  };
}

function at({ base, size }: { base: number; size: number }): { base: Hpa; size: number } {
  return { base: base as Hpa, size };
}

/** Adds regions, all or none. Gives how to take them away. */
function regions(map: AddressMap, adders: readonly (() => ReturnType<AddressMap["addMmio"]>)[]): () => void {
  const added: ReturnType<AddressMap["addMmio"]>[] = [];
  const remove = (): void => {
    for (const region of added.splice(0).reverse()) map.remove(region);
  };
  try {
    for (const add of adders) added.push(add());
  } catch (error) {
    remove();
    throw error;
  }
  return remove;
}
