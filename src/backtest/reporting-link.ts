/**
 * ReportingLink: the simulated wire as a whole Sink; what people should see goes to the report.
 * Pure.
 */

import type { Alert, AuditRecord, Execution, Sink } from "#ports/sink.ts";
import type { LatencyModel } from "#sim/latency-model.ts";
import { SimulatedLink } from "#sim/simulated-link.ts";

/** Told what passes: for the report. */
export interface LinkListener {
  onAlert(alert: Alert): void;
  onAudit(record: AuditRecord): void;
}

export class ReportingLink extends SimulatedLink implements Sink {
  readonly hedge?: Execution;
  readonly #listener: LinkListener;

  /**
   * @param idPrefix how every client order id of this pair begins
   * @param hedge the wire to the hedge venue, where there is one
   */
  constructor(
    latency: LatencyModel,
    idPrefix: string,
    listener: LinkListener,
    hedge?: SimulatedLink,
  ) {
    super(latency, idPrefix);
    this.#listener = listener;
    if (hedge !== undefined) this.hedge = hedge;
  }

  alert(alert: Alert): void {
    this.#listener.onAlert(alert);
  }
  audit(record: AuditRecord): void {
    this.#listener.onAudit(record);
  }
}
