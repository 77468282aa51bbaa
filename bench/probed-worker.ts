/** The worker of a pair as it is, with a watch on the lateness of its event loop. */

// oxlint-disable-next-line import/no-unassigned-import -- the entry of a thread exports nothing
import "#runtime/pair-worker.ts";
import { tellLateness } from "./lateness.ts";

// Seldom enough that fifty of them are no load of their own.
tellLateness(50, (message) => postMessage(message));
