// Attaches a board to a v86 emulator: the guest finds our functions beside the emulator's own.
import type { Hpa } from "../../core/address.ts";
import { checkFlag, checkFunction, checkOptions } from "../../core/arguments.ts";
import { ArgumentError, FormatError } from "../../core/errors.ts";
import type { MmioHandler, Snapshotable } from "../../core/ports.ts";
import { applyOrUndo } from "../../core/snapshot.ts";
import { Machine } from "../../machine/machine.ts";
import { allOnes } from "../../pci/bits.ts";
import { ecamSize } from "../../pci/ecam.ts";
import type { Board, BoardLayout, BoardWindow } from "./board.ts";
import { enableBridges } from "./bridges.ts";
import { EmulatorConfig, GuestConfig } from "./config.ts";
import { BLOCK_SIZE, cpuOf, type V86Cpu, type V86Emulator } from "./cpu.ts";
import { GuestRam } from "./guest-ram.ts";
import { GuestVm } from "./guest-vm.ts";
import { InterruptLines } from "./interrupt-lines.ts";
import { InterruptQueue, type InterruptQueueState } from "./interrupts.ts";
import { IoSpace } from "./io-space.ts";
import { addTables, checkLayout, checkPlaces, type EcamOptions } from "./layout.ts";
import { machineBoard } from "./machine-board.ts";
import { type SharedWindow, takeWindow, type Window } from "./memory-windows.ts";
import { momentOf } from "./moment.ts";
import { PowerPorts } from "./power-ports.ts";
import { Takeover } from "./takeover.ts";
import { Turns } from "./turns.ts";

export interface AttachOptions {
  /** Where configuration space lies in memory. */
  ecam?: EcamOptions;
  /** Shows the guest the machine's IOMMU unit, in a DMAR table and in memory. Default false: it stays passive. */
  iommu?: boolean;
  /** The time in milliseconds, for `counters.milliseconds`. Default: it is not measured. */
  measure?: () => number;
}

/** Marks the processor of an emulator that has an attachment. */
const ATTACHED: unique symbol = Symbol("attached");

export interface AttachmentCounters {
  /** Accesses of the guest to configuration space and BARs. */
  reads: number;
  writes: number;
  /** Bytes that devices wrote to the guest's RAM. */
  dmaWritten: number;
  /** Message-signalled interrupts that the guest's processor got, and those that met an equal one that waited. */
  interrupts: number;
  merged: number;
  /** Interrupts by the chipset's lines that began. */
  lines: number;
  /** Interrupts of kinds that v86 has not. */
  unsupported: number;
  /** Turns of the devices between two pieces of the guest's execution, and the frames that moved in them. */
  turns: number;
  frames: number;
  /** Time that the turns took; 0 without `measure`. */
  milliseconds: number;
}

export interface AttachmentState {
  kind: Board["kind"];
  ecam: { base: number; size: number };
  /** Tells the guest's memory and registers from those of another moment. */
  moment: number;
  configAddress: number;
  interrupts: InterruptQueueState;
  board: object;
}

export class Attachment implements Snapshotable<AttachmentState> {
  readonly #cpu: V86Cpu;
  readonly #board: Board;
  readonly #layout: BoardLayout;
  readonly #config: GuestConfig;
  readonly #interrupts = new InterruptQueue();
  readonly #lines: InterruptLines;
  readonly #turns: Turns;
  readonly #takeover = new Takeover();
  #attached = true;
  #reads = 0;
  #writes = 0;
  readonly #ram: GuestRam;

  /** For `attach`. */
  constructor(emulator: V86Emulator, board: Board, options: AttachOptions) {
    const cpu = cpuOf(emulator);
    this.#cpu = cpu;
    this.#board = board;
    this.#ram = board.ram ?? new GuestRam(cpu);
    if (ATTACHED in cpu) throw new ArgumentError("emulator", "v86.cpu", "has an attachment already: detach that first");
    const { io } = cpu;
    const before = {
      port_read8: io.port_read8.bind(io),
      port_read16: io.port_read16.bind(io),
      port_read32: io.port_read32.bind(io),
      port_write8: io.port_write8.bind(io),
      port_write16: io.port_write16.bind(io),
      port_write32: io.port_write32.bind(io),
    };
    const emulatorConfig = new EmulatorConfig(before);
    const layout = checkLayout(cpu, options.ecam);
    this.#layout = layout;
    checkPlaces(board, emulatorConfig);
    this.#config = new GuestConfig(board.root, emulatorConfig, layout.ecam.size / ecamSize(1));
    this.#lines = new InterruptLines(board.root, emulatorConfig, cpu);
    const flush = (): void => {
      this.#interrupts.flush(cpu);
      this.#lines.flush();
    };
    this.#turns = new Turns({
      cpu,
      board,
      ram: this.#ram,
      isRunning: () => emulator.is_running(),
      flush,
      leave: () => this.detach(),
      measure: options.measure,
    });
    const takeover = this.#takeover;
    try {
      takeover.replace<V86Cpu & { [ATTACHED]?: true }, typeof ATTACHED>(cpu, ATTACHED, true);
      takeover.onRelease(board.place(this.#ram, layout));
      takeover.onRelease(
        board.connect((interrupt) => {
          this.#interrupts.take(interrupt);
          this.#turns.hurry();
        }),
      );
      this.#lines.take(takeover, () => this.#turns.hurry());
      const onAccess = (write: boolean): void => this.#count(write);
      for (const [name, window] of this.#windows(layout)) takeWindow(takeover, cpu, name, window, onAccess);
      new IoSpace(board.root, this.#config, new PowerPorts(before), onAccess).take(takeover, io, before);
      this.#turns.take(takeover);
      const reboot = cpu.reboot_internal;
      takeover.replace(cpu, "reboot_internal", () => {
        board.reset();
        enableBridges(board.root);
        this.#interrupts.clear();
        this.#lines.refresh();
        reboot.call(cpu);
      });
      addTables(takeover, cpu, board, layout);
      enableBridges(board.root);
    } catch (error) {
      takeover.release();
      throw error;
    }
  }

  get counters(): AttachmentCounters {
    const { delivered, merged, unsupported } = this.#interrupts;
    const { turns, frames, milliseconds } = this.#turns;
    return {
      reads: this.#reads,
      writes: this.#writes,
      dmaWritten: this.#ram.bytesWritten,
      interrupts: delivered,
      merged,
      lines: this.#lines.raised,
      unsupported,
      turns,
      frames,
      milliseconds,
    };
  }

  /** Something came from outside, such as a frame: a guest that sleeps is to look at once. */
  wake(): void {
    if (this.#attached) this.#turns.wake();
  }

  /**
   * The state of everything of ours, which v86's own does not contain. To be taken together with `emulator.save_state()`:
   * while the emulator is stopped, or in the same step of the embedder's code. Throws ArgumentError once detached.
   */
  save(): AttachmentState {
    this.#checkAttached();
    return {
      kind: this.#board.kind,
      ecam: this.#layout.ecam,
      moment: momentOf(this.#cpu),
      configAddress: this.#config.ports.save(),
      interrupts: this.#interrupts.save(),
      board: this.#board.save(),
    };
  }

  /**
   * Puts back what `save` gave, after `emulator.restore_state()` of the state that was saved with it. Throws
   * ArgumentError or FormatError, with nothing changed, for the state of another board, or of another moment than the
   * emulator's as far as registers and RAM tell, and once detached.
   */
  restore(state: AttachmentState): void {
    this.#checkAttached();
    if (typeof state !== "object" || state === null) throw new ArgumentError("state", state, "is no object");
    if (state.kind === undefined) throw new ArgumentError("state", state, "is none that an attachment saved");
    const { kind, ecam } = state;
    if (kind !== this.#board.kind) throw new ArgumentError("state", kind, `is not of a ${this.#board.kind}`);
    if (ecam?.base !== this.#layout.ecam.base || ecam.size !== this.#layout.ecam.size) {
      throw new ArgumentError("state", ecam?.base, "has configuration space elsewhere");
    }
    if (state.moment !== momentOf(this.#cpu)) {
      throw new FormatError("snapshot", "is of another moment than the emulator's state");
    }
    const before = this.save();
    applyOrUndo(
      () => this.#apply(state),
      () => this.#apply(before),
    );
  }

  #apply(state: AttachmentState): void {
    this.#board.restore(state.board);
    this.#config.ports.restore(state.configAddress);
    this.#interrupts.restore(state.interrupts);
    this.#lines.refresh();
    this.#turns.rebase();
  }

  /**
   * Gives the emulator back as it was; for its guest our functions are gone. A second call does nothing. When the machine
   * is disposed of, this happens before the guest runs on.
   */
  detach(): void {
    if (!this.#attached) return;
    this.#attached = false;
    this.#takeover.release();
  }

  #checkAttached(): void {
    if (!this.#attached) throw new ArgumentError("attachment", this, "is detached");
  }

  #count(write: boolean): void {
    if (!write) {
      this.#reads++;
      return;
    }
    this.#writes++;
    this.#turns.ask();
  }

  #windows({ ecam, memory }: BoardLayout): [name: string, window: Window | SharedWindow][] {
    const { root, unit } = this.#board;
    const claims = (address: number): boolean =>
      root.ranges("memory").some(({ base, size }) => address >= base && address < base + size);
    const windows: [string, Window | SharedWindow][] = [
      ["ecam", { ...ecam, handler: this.#config.ecam }],
      ...memory.map((one): [string, SharedWindow] => [
        "memory",
        { ...one, handler: root.memoryWindow(one.base as Hpa), claims },
      ]),
    ];
    if (unit !== undefined) windows.push(["iommu", blockAround(unit)]);
    return windows;
  }
}

/**
 * Attaches `machine`, one of `createMachine` or a VM of `createVm`, to an emulator that said `emulator-loaded`: before it
 * runs (`autostart: false`), or after `restore_state`; a guest that runs already finds the cards when it scans its buses
 * again.
 * Throws ArgumentError, with the emulator as it was, for an emulator that lacks something or was destroyed, or a machine
 * with functions where the emulator has its own.
 */
export function attach(emulator: V86Emulator, machine: Machine | GuestVm, options: AttachOptions = {}): Attachment {
  const cpu = cpuOf(emulator);
  checkOptions("options", options, ["ecam", "iommu", "measure"]);
  if (options.iommu !== undefined) checkFlag("iommu", options.iommu);
  if (options.measure !== undefined) checkFunction("measure", options.measure);
  if (machine instanceof GuestVm) return new Attachment(emulator, machine.board(cpu), options);
  if (!(machine instanceof Machine)) throw new ArgumentError("machine", machine, "is neither a Machine nor a GuestVm");
  return new Attachment(emulator, machineBoard(machine, options.iommu === true), options);
}

/** A window of whole blocks in which `inner` lies alone. */
function blockAround(inner: BoardWindow): Window {
  const start = inner.base % BLOCK_SIZE;
  const inside = (offset: number): boolean => offset >= start && offset < start + inner.size;
  const handler: MmioHandler = {
    read: (offset, width) => (inside(offset) ? inner.handler.read(offset - start, width) : allOnes(width)),
    write: (offset, width, value) => {
      if (inside(offset)) inner.handler.write(offset - start, width, value);
    },
  };
  return { base: inner.base - start, size: BLOCK_SIZE, handler };
}
