/** The Sink of a live pair: the way from its core to the connections of its legs, and to people. */

import type { Execution, Sink } from "#ports/sink.ts";
import type { VenueConnection } from "#ports/venue.ts";

/** @param hedge null: the pair does not hedge */
export function sinkOf(
  listener: { readonly onAlert: Sink["alert"]; readonly onAudit: Sink["audit"] },
  quote: VenueConnection,
  hedge: VenueConnection | null,
): Sink {
  return {
    ...executionOf(quote),
    ...(hedge === null ? {} : { hedge: executionOf(hedge) }),
    alert: (alert) => listener.onAlert(alert),
    audit: (record) => listener.onAudit(record),
  };
}

/** Its commands alone, bound to it. */
function executionOf(connection: VenueConnection): Execution {
  return {
    place: (request) => connection.place(request),
    amend: (clientOrderId, quantityLots) => connection.amend(clientOrderId, quantityLots),
    replace: (clientOrderId, request) => connection.replace(clientOrderId, request),
    cancel: (clientOrderId) => connection.cancel(clientOrderId),
    cancelAll: () => connection.cancelAll(),
    query: (clientOrderId) => connection.query(clientOrderId),
    reconcile: () => connection.reconcile(),
  };
}
