// Signals that end the program: at once, but what it has changed outside itself is put back before.

/** Their numbers. */
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 } as const;
const NAMES = Object.keys(SIGNALS) as Signal[];
/** What a shell reports for a program that a signal ended, less the signal's number. */
const SIGNALLED = 128;

export type Signal = keyof typeof SIGNALS;

/** The exit status that a shell reports for a program that `signal` ended. */
export function signalStatus(signal: Signal): number {
  return SIGNALLED + SIGNALS[signal];
}

/** Calls `listener` for each signal, until what is returned is called. */
export function onSignals(listener: (signal: Signal) => void): () => void {
  for (const name of NAMES) process.on(name, listener);
  return () => {
    for (const name of NAMES) process.off(name, listener);
  };
}

/**
 * What `work` gives. A signal meanwhile ends the program as if nobody had caught it, so that a shell knows and ends its
 * loops too; before, `withCleanup` puts things back.
 */
export async function endedBySignals<Value>(work: () => Promise<Value>): Promise<Value> {
  const release = onSignals((signal) => {
    process.once("exit", () => {
      release();
      process.kill(process.pid, signal);
    });
    process.exit(signalStatus(signal));
  });
  try {
    return await work();
  } finally {
    await pollTwice();
    release();
  }
}

/** A signal that came while JavaScript ran is heard when the event loop looks for it: at the latest in its next turn. */
async function pollTwice(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
}

/** What `work` gives. `cleanup` is called when it is done, or when the program ends before: it must not wait. */
export async function withCleanup<Value>(cleanup: () => void, work: () => Promise<Value>): Promise<Value> {
  process.once("exit", cleanup);
  try {
    return await work();
  } finally {
    process.off("exit", cleanup);
    cleanup();
  }
}
