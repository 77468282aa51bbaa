/**
 * One request to a mock venue and its answer, whichever way they go, and what a fault makes of
 * them. Writes no sockets: that is the transports'. May import net and this folder.
 */

import type { Timers } from "#net/timers.ts";
import type { RequestFault } from "./faults.ts";

/** One request and the way back to who sent it. */
export interface Conversation<Reply> {
  /** Handles the request; `done` is called at most once, within this call or later. */
  readonly execute: (done: (reply: Reply) => void) => void;
  readonly answer: (reply: Reply) => void;
  /** Ends the connection at once. */
  readonly cut: () => void;
  /** The connection is silent from now on, and ends after this time. */
  readonly silence: (forMs: number) => void;
}

/** What goes first: a request's answer, or the events that it caused; either: as it comes. */
type Order = "answer" | "event" | "either";

/** What conversations need of a venue. */
export interface ConversationVenue<Reply> {
  /** Events of the account: kept back while they are held. */
  readonly events: { hold(): void; release(): void };
  /** Where no fault says otherwise. */
  readonly order: Order;
  /** Refuses everything by 429 for so long. */
  readonly refuseFor: (durationMs: number) => void;
  /** Refuses everything of the address for so long. */
  readonly ban: (durationMs: number) => void;
  /** A 5xx: the same whether the request got through. */
  readonly unknownOutcome: Reply;
  /** A 5xx that says that it did not; as the other where left out. */
  readonly unavailable?: Reply;
  /** A refusal for the load of the venue; as the others where left out. */
  readonly overloaded?: Reply;
}

export interface ConversationRules<Reply> {
  readonly venue: ConversationVenue<Reply>;
  readonly timers: Timers;
}

type AnswerFault = Extract<RequestFault, { readonly kind: (typeof ANSWER_KINDS)[number] }>;

const ANSWER_KINDS = [
  "drop-response",
  "disconnect-after",
  "error-5xx-accepted",
  "event-before-response",
  "response-before-event",
] as const;
const OF_ANSWERS: ReadonlySet<string> = new Set(ANSWER_KINDS);

/** Handles a request as usual, or as its fault has it. */
export function converse<Reply>(
  rules: ConversationRules<Reply>,
  fault: RequestFault | null,
  talk: Conversation<Reply>,
): void {
  const { venue, timers } = rules;
  if (fault === null) return handle(rules, talk, talk.answer);
  if (isOfAnswer(fault)) return answerOtherwise(rules, fault, talk);
  switch (fault.kind) {
    case "delay":
      timers.after(fault.ms, () => handle(rules, talk, talk.answer));
      return;
    case "drop-request":
      return;
    case "disconnect-before":
      return talk.cut();
    case "half-open":
      return talk.silence(fault.forMs);
    case "error-5xx-refused":
      return talk.answer(venue.unknownOutcome);
    case "unavailable":
      return talk.answer(venue.unavailable ?? venue.unknownOutcome);
    case "overload":
      return talk.answer(venue.overloaded ?? venue.unknownOutcome);
    case "rate-limit":
      venue.refuseFor(fault.retryAfterSeconds * 1000);
      return handle(rules, talk, talk.answer);
    case "ban":
      venue.ban(fault.seconds * 1000);
      return handle(rules, talk, talk.answer);
  }
}

function isOfAnswer(fault: RequestFault): fault is AnswerFault {
  return OF_ANSWERS.has(fault.kind);
}

/** Handles a request whose answer goes wrong. */
function answerOtherwise<Reply>(
  rules: ConversationRules<Reply>,
  fault: AnswerFault,
  talk: Conversation<Reply>,
): void {
  const { venue, timers } = rules;
  const eventsFirst = venue.order === "either" ? "either" : "event";
  switch (fault.kind) {
    case "drop-response":
      return handle(rules, talk, () => undefined);
    case "disconnect-after":
      return handle(rules, talk, talk.cut, eventsFirst);
    case "error-5xx-accepted":
      return handle(rules, talk, () => talk.answer(venue.unknownOutcome));
    case "event-before-response": {
      const late = (reply: Reply): void => {
        timers.after(fault.ms, () => talk.answer(reply));
      };
      return handle(rules, talk, late, eventsFirst);
    }
    case "response-before-event": {
      venue.events.hold();
      const first = (reply: Reply): void => {
        talk.answer(reply);
        timers.after(fault.ms, () => venue.events.release());
      };
      return handle(rules, talk, first, "answer");
    }
  }
}

/** @param order default: the venue's */
function handle<Reply>(
  { venue }: ConversationRules<Reply>,
  talk: Conversation<Reply>,
  answer: (reply: Reply) => void,
  order: Order = venue.order,
): void {
  if (order === "either") talk.execute(answer);
  else handleInOrder(venue.events, talk, { order, answer });
}

function handleInOrder<Reply>(
  events: ConversationVenue<Reply>["events"],
  talk: Conversation<Reply>,
  { order, answer }: { readonly order: Order; readonly answer: (reply: Reply) => void },
): void {
  let isHeld = true;
  const release = (): void => {
    if (isHeld) events.release();
    isHeld = false;
  };
  events.hold();
  try {
    talk.execute((reply) => {
      if (order === "event") release();
      try {
        answer(reply);
      } finally {
        release();
      }
    });
  } catch (error) {
    release();
    throw error;
  }
}

/** A response that fails before its first byte: the server then resets the connection. */
export function cutResponse(): Response {
  return new Response(new ReadableStream({ start: (controller) => controller.error(undefined) }));
}
