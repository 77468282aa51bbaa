/** An execution with everything around it: see setup.ts. */

import { expect } from "bun:test";
import type { Instrument } from "#domain/instrument.ts";
import { HedgeExecution } from "#hedge/execution.ts";
import type { ExecutionParams } from "#hedge/params.ts";
import { hedgeInstrument, hedgeParams, Stage } from "./setup.ts";

/** An execution that is to bring the position to a target. */
export class ExecutionBench extends Stage {
  readonly execution: HedgeExecution;
  targetLots = 0;

  constructor(
    changes: Partial<ExecutionParams> = {},
    positionLots = 0,
    style: "patient" | "market" = "patient",
    instrument: Instrument = hedgeInstrument(),
  ) {
    super(instrument, { base: instrument.sizeString(positionLots), quote: "0" });
    const { execution, minStepLots } = hedgeParams({ execution: changes });
    this.execution = new HedgeExecution(
      { instrument, orders: this.venue, story: this.venue, role: "active-hedge", style },
      execution,
      minStepLots,
    );
  }

  /** Acts, twice: the second time must send nothing. Returns what was sent. */
  act(passMs = 0): string[] {
    this.nowMs += passMs;
    this.#look();
    const sent = this.venue.sent();
    this.#look();
    expect(this.venue.sent()).toEqual([]);
    return sent;
  }

  #look(): void {
    const { positionLots } = this.venue.book;
    this.execution.act(this.input, this.targetLots - positionLots, positionLots);
  }
}

/** To sell so many lots of nothing. */
export function selling(lots: number, changes: Partial<ExecutionParams> = {}): ExecutionBench {
  const bench = new ExecutionBench(changes);
  bench.targetLots = -lots;
  return bench;
}
