// The topology of a real server, from its dump: segments, root buses, bridges, functions and VFs as they were found.
// Configuration space alone is there: nothing answers behind a BAR.
//
// Of a PF's VFs those that the dump has are as dumped; the others, up to TotalVFs, are like the first of them. Without
// any VF in the dump, or with more than 512, enabling VFs brings none.
import * as header from "../../assembly/spec/pci/header.ts";
import * as ids from "../../assembly/spec/pci/ids.ts";
import * as spec from "../../assembly/spec/pci/sriov.ts";
import { busOf, deviceFunctionOf, deviceOf, functionOf, type RequesterId, requesterIdAbove } from "../core/address.ts";
import { bits } from "../core/bits.ts";
import { ArgumentError, FormatError } from "../core/errors.ts";
import type { AccessWidth, MessagePort } from "../core/ports.ts";
import { allOnes } from "./bits.ts";
import { Bridge } from "./bridge.ts";
import { type BusRange, bridgeTo } from "./bus-range.ts";
import { findExtendedCapability } from "./capability.ts";
import { type DumpedFunction, formatSlot } from "./dump.ts";
import { PciFunction } from "./function.ts";
import { replicaConfig, virtualSlots } from "./replica.ts";
import { RootComplex } from "./root-complex.ts";
import { Sriov } from "./sriov.ts";

/** A function of the dump, alive. */
export interface ReplicaFunction {
  readonly dumped: DumpedFunction;
  readonly fn: PciFunction;
}

const MOST_VFS = 512;

export class ReplicaTopology {
  /** In the order of the dump. */
  readonly functions: readonly ReplicaFunction[];
  /** One for each root bus. */
  readonly complexes: readonly RootComplex[];

  /**
   * @param messages where interrupts of functions go.
   * Throws FormatError, naming `source`, the line where it is known, and the function, for capabilities that cannot be.
   */
  constructor(dump: readonly DumpedFunction[], messages: MessagePort, source: string) {
    const virtual = virtualSlots(dump);
    const complexes: RootComplex[] = [];
    this.functions = dump.map((dumped) => revive(dumped, virtual.has(slotOf(dumped)), source));
    for (const segment of new Set(dump.map((dumped) => dumped.segment))) {
      const members = this.functions.filter(({ dumped }) => dumped.segment === segment);
      complexes.push(...connect(segment, members, messages));
    }
    this.complexes = complexes;
  }

  /** A configuration read of whatever is at this place now; all-ones where nothing is. */
  configRead(segment: number, requesterId: RequesterId, offset: number, width: AccessWidth): number {
    return this.#complexOf(segment, requesterId)?.configRead(requesterId, offset, width) ?? allOnes(width);
  }

  configWrite(segment: number, requesterId: RequesterId, offset: number, width: AccessWidth, value: number): void {
    this.#complexOf(segment, requesterId)?.configWrite(requesterId, offset, width, value);
  }

  #complexOf(segment: number, requesterId: RequesterId): RootComplex | undefined {
    const own = this.complexes.filter((complex) => complex.segment === segment);
    const root = own.find((complex) => complex.rootBus === busOf(requesterId));
    return root ?? own.find((complex) => complex.functionAt(requesterId) !== undefined);
  }
}

function slotOf({ segment, requesterId }: DumpedFunction): string {
  return `${segment}/${requesterId}`;
}

function revive(dumped: DumpedFunction, virtual: boolean, source: string): ReplicaFunction {
  const name = formatSlot(dumped.segment, dumped.requesterId);
  const config = replicaConfig(dumped, virtual);
  const type = config.get(header.HEADER_TYPE, 1);
  const layout = bits(type, header.HEADER_TYPE_LAYOUT_HI, header.HEADER_TYPE_LAYOUT_LO);
  try {
    const bridge = !virtual && layout === header.HEADER_TYPE_LAYOUT_1;
    return { dumped, fn: bridge ? new Bridge(name, config) : new PciFunction(name, config, { virtual }) };
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    const line = dumped.line === undefined ? "" : `line ${dumped.line}: `;
    throw new FormatError(source, `${line}function ${name} has a capability that does not fit: ${error.message}`);
  }
}

/** Puts the functions of one segment on their buses; the result has a root complex for each bus that no bridge leads to. */
function connect(segment: number, members: readonly ReplicaFunction[], messages: MessagePort): RootComplex[] {
  const bridges: (BusRange & { bridge: Bridge })[] = [];
  for (const { dumped, fn } of members) {
    if (!(fn instanceof Bridge)) continue;
    const { secondaryBus: secondary, subordinateBus: subordinate } = fn;
    bridges.push({ bus: busOf(dumped.requesterId), secondary, subordinate, bridge: fn });
  }
  const complexes = new Map<number, RootComplex>();
  const rootOf = (rootBus: number): RootComplex => {
    const complex = complexes.get(rootBus) ?? new RootComplex({ segment, rootBus, messages, hostBridge: null });
    complexes.set(rootBus, complex);
    return complex;
  };
  const vfs = new Map<number, ReplicaFunction>();
  for (const member of members) if (member.fn.virtual) vfs.set(member.dumped.requesterId, member);
  for (const { dumped, fn } of members) {
    if (fn.virtual) continue;
    const bus = busOf(dumped.requesterId);
    const number = deviceFunctionOf(dumped.requesterId);
    const above = bridgeTo(bus, bridges);
    if (above === undefined || above.secondary !== bus) rootOf(bus).attach(fn, deviceOf(number), functionOf(number));
    else if (above.bridge.express?.isDownstreamPort === true) above.bridge.attach(fn, 0, number);
    else above.bridge.attach(fn, deviceOf(number), functionOf(number));
    fn.capture(dumped.requesterId);
    reviveVfs(fn, vfs);
  }
  return [...complexes.values()];
}

/** Gives a PF its VFs, if the dump has any of them. */
function reviveVfs(pf: PciFunction, vfs: ReadonlyMap<number, ReplicaFunction>): void {
  const { config } = pf;
  const offset = vfs.size === 0 ? undefined : findExtendedCapability(config, ids.EXT_CAP_SRIOV);
  if (offset === undefined || offset + spec.SRIOV_LENGTH > config.size) return;
  const first = pf.requesterId + config.get(offset + spec.SRIOV_VF_OFFSET, 2);
  const stride = config.get(offset + spec.SRIOV_VF_STRIDE, 2);
  const found = (index: number): ReplicaFunction | undefined => vfs.get(requesterIdAbove(first, index * stride));
  const model = found(0);
  if (model === undefined || config.get(offset + spec.SRIOV_TOTAL_VFS, 2) > MOST_VFS) return;
  new Sriov(pf, offset, (index) => {
    const own = found(index)?.fn;
    if (own !== undefined && own.decoder === undefined) return own;
    return new PciFunction(`${pf.name}/vf${index}`, replicaConfig(model.dumped, true), { virtual: true });
  });
  pf.virtualFunctions?.restored();
}
