/** Alerts and audit records as log entries. Pure. */

import type { Alert } from "#ports/sink.ts";
import type { LogEntry } from "./log.ts";
import type { LogLevel, StoryRecord } from "./messages.ts";

const LEVELS: Readonly<Record<Alert["level"], LogLevel>> = {
  info: "info",
  warning: "warning",
  critical: "error",
};

export function alertEntry(pair: string, { level, code, message }: Alert): LogEntry {
  return { level: LEVELS[level], pair, event: code, message };
}

export function auditEntry(pair: string, record: StoryRecord): LogEntry {
  switch (record.kind) {
    case "state": {
      const { from, to, reason } = record;
      return { level: "info", pair, event: "state", message: reason, fields: { from, to } };
    }
    case "guard": {
      const { guard, tripped, limit } = record;
      const message = `${guard} ${tripped ? "tripped" : "is well again"}`;
      const fields = { guard, tripped, value: rounded(record.value), limit };
      // Before the first book there is none to be old.
      const isNews = tripped && Number.isFinite(Number(record.value));
      return { level: isNews ? "warning" : "info", pair, event: "guard", message, fields };
    }
    case "hedge": {
      const { hedger, from, to, reason, figures } = record;
      const message = `${hedger} hedge: ${reason}`;
      const shown = Object.entries(figures).map(([name, figure]) => [name, shortened(figure)]);
      const fields = { from, to, ...Object.fromEntries(shown) };
      return { level: "info", pair, event: "hedge", message, fields };
    }
    case "hedge-order": {
      const { action, role, side, type, clientOrderId, priceTicks, quantityLots, reason } = record;
      const message = `hedge: ${action} ${side} ${type}: ${reason}`;
      const fields = { role, clientOrderId, priceTicks, quantityLots };
      // What it is for stands in the steps; orders follow the market around.
      return { level: "debug", pair, event: "hedge-order", message, fields };
    }
    case "denied": {
      const { guard, value, limit, priceTicks, quantityLots } = record;
      const message = `an order was denied by ${guard}`;
      const fields = { guard, value, limit, priceTicks, quantityLots };
      return { level: "debug", pair, event: "denied", message, fields };
    }
  }
}

/** Ratios are small: four places are not enough for them. */
const FIGURE_PLACES = 6;

function shortened(figure: number | string): number | string {
  return typeof figure === "number" ? Number(figure.toFixed(FIGURE_PLACES)) : figure;
}

/** For people: a float's last digits say nothing. Words stay as they are. */
function rounded(value: string): string {
  const figure = Number(value);
  return Number.isFinite(figure) ? String(Number(figure.toFixed(3))) : value;
}
