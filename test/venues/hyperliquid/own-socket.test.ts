import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { bboFrame, fillsFrame } from "./hl-wire.ts";
import { OwnSubject } from "./own-subject.ts";
import { USER } from "./socket-subject.ts";

const CHANNELS = [
  { type: "bbo", coin: "BTC" },
  { type: "l2Book", coin: "BTC", fast: true },
  { type: "trades", coin: "BTC" },
  { type: "activeAssetCtx", coin: "BTC" },
  { type: "orderUpdates", user: USER },
  { type: "userFills", user: USER },
  { type: "userFundings", user: USER },
];

let subject: OwnSubject;
beforeEach(() => {
  subject = new OwnSubject();
});
afterEach(() => subject.stop());

describe("subscriptions", () => {
  test("are those of the market and the user, and it is up once all are confirmed", async () => {
    let missing = CHANNELS.length;
    subject.wire.onSubscribe = () => {
      missing -= 1;
      expect(subject.socket.isUp).toBe(false);
      return "acknowledge";
    };
    await subject.begin();
    expect([missing, subject.socket.isUp]).toEqual([0, true]);
    const asked = await Promise.all(CHANNELS.map(() => subject.wire.subscribed.next()));
    expect(asked.map(({ subscription }) => subscription)).toEqual(CHANNELS);
    expect(subject.used("subscriptions")).toBe(7);
    expect(subject.used("ws-messages-1m")).toBe(7);
    expect(subject.used("sockets")).toBe(1);
    expect(subject.used("connections-1m")).toBe(1);
  });

  test("without a user are the market's alone", async () => {
    await subject.stop();
    subject = new OwnSubject(null);
    await subject.begin();
    expect(subject.wire.subscribed.size).toBe(4);
  });

  test("that exist already are as good as confirmed", async () => {
    subject.wire.onSubscribe = ({ subscription }) =>
      subscription["type"] === "bbo"
        ? { error: `Already subscribed: ${JSON.stringify(subscription)}` }
        : "acknowledge";
    await subject.begin();
    expect(subject.ears.errors.size).toBe(0);
  });

  test("whose confirmation is lost are asked for again", async () => {
    let times = 0;
    subject.wire.onSubscribe = ({ subscription }) => {
      if (subscription["type"] !== "userFills") return "acknowledge";
      times += 1;
      return times === 1 ? "silence" : "acknowledge";
    };
    subject.socket.open(subject.ears);
    for (const _ of CHANNELS) await subject.wire.subscribed.next();
    subject.world.timers.advance(4000);
    await subject.ears.up();
    expect([times, subject.wire.dialled]).toEqual([2, 1]);
    expect(subject.used("subscriptions")).toBe(7);
  });

  test("that are never confirmed cost the connection: it dials another", async () => {
    subject.wire.onSubscribe = () => "silence";
    subject.socket.open(subject.ears);
    for (const _ of CHANNELS) await subject.wire.subscribed.next();
    subject.world.timers.advance(10_000);
    await subject.wire.closed.next();
    subject.wire.onSubscribe = () => "acknowledge";
    subject.world.timers.advance(1000);
    await subject.ears.up();
    expect(subject.wire.dialled).toBe(2);
    expect(subject.used("subscriptions")).toBe(7);
    expect(subject.used("sockets")).toBe(1);
  });

  test("that are refused keep it down, in the venue's words, until they pass", async () => {
    let isRefusing = true;
    subject.wire.onSubscribe = ({ subscription }) =>
      isRefusing && subscription["type"] === "trades"
        ? { error: `Invalid subscription ${JSON.stringify(subscription)}` }
        : "acknowledge";
    subject.socket.open(subject.ears);
    expect(await subject.ears.errors.next()).toStartWith("Invalid subscription");
    for (const _ of CHANNELS) await subject.wire.subscribed.next();
    await subject.settled();
    expect(subject.socket.isUp).toBe(false);
    isRefusing = false;
    await subject.live(29);
    expect(subject.socket.isUp).toBe(false);
    subject.world.timers.advance(1000);
    await subject.ears.up();
    expect(subject.wire.dialled).toBe(1);
  });
});

describe("frames", () => {
  test("of the coin and the user are handed on as they came, with the time", async () => {
    await subject.begin();
    subject.world.timers.advance(500);
    const frames = [bboFrame("BTC"), fillsFrame(USER, 7), '{"channel":"orderUpdates","data":[]}'];
    for (const frame of frames) subject.wire.tell(frame);
    for (const text of frames) {
      expect(await subject.ears.messages.next()).toEqual({
        text,
        receivedTimeMs: subject.world.nowMs(),
      });
    }
  });

  test("of other coins, pongs and acknowledgements are not", async () => {
    await subject.begin();
    subject.wire.tell(bboFrame("ETH"));
    subject.wire.tell({ channel: "pong" });
    subject.wire.tell({ channel: "candle", data: { s: "BTC" } });
    subject.wire.tell({ channel: "trades", data: [] });
    subject.wire.tell(bboFrame("BTC"));
    expect(await subject.ears.text()).toBe(bboFrame("BTC"));
    expect(subject.ears.errors.size).toBe(0);
  });

  test("of errors that belong to nobody are told, and so is garbage", async () => {
    await subject.begin();
    subject.wire.error("Cannot track more than 10 total users.");
    expect(await subject.ears.errors.next()).toBe("Cannot track more than 10 total users.");
    subject.wire.tell("Websocket connection established.");
    expect(await subject.ears.errors.next()).toContain("no JSON");
    subject.wire.tell({ channel: "error", data: { code: 1 } });
    expect(await subject.ears.errors.next()).toBe('{"code":1}');
    expect(subject.socket.isUp).toBe(true);
  });
});

describe("posts", () => {
  test("are pipelined, and answered in any order", async () => {
    await subject.begin();
    const outcomes = [1, 2, 3].map((n) => subject.post(`{"n":${n}}`));
    expect([subject.socket.inFlight, subject.used("posts")]).toEqual([3, 3]);
    const posts = await Promise.all(outcomes.map(() => subject.wire.posts.next()));
    expect(posts.map(({ type, payload }) => [type, payload])).toEqual([
      ["action", { n: 1 }],
      ["action", { n: 2 }],
      ["action", { n: 3 }],
    ]);
    expect(new Set(posts.map(({ id }) => id)).size).toBe(3);
    for (const post of posts.toReversed()) {
      subject.wire.answer(post, {
        type: "action",
        payload: { status: "ok", response: post.payload },
      });
    }
    expect(await Promise.all(outcomes)).toEqual(
      [1, 2, 3].map((n) => ({
        kind: "answered" as const,
        payload: { status: "ok", response: { n } },
      })),
    );
    expect([subject.socket.inFlight, subject.used("posts")]).toEqual([0, 0]);
  });

  test.each([
    ["429 Too Many Requests", "refused"],
    ["422 Unprocessable Entity", "refused"],
    ["502 Bad Gateway", "unknown"],
    ["Whatever", "unknown"],
  ] as const)("that end in %s are %s", async (message, kind) => {
    await subject.begin();
    const outcome = subject.post();
    subject.wire.answer(await subject.wire.posts.next(), { type: "error", payload: message });
    expect(await outcome).toEqual({ kind, message });
  });

  test("that an error frame names are refused by it, and by it alone", async () => {
    await subject.begin();
    const [first, second] = [subject.post(), subject.post()];
    const { id } = await subject.wire.posts.next();
    subject.wire.error(`too many pending post requests id=${id}`);
    expect(await first).toMatchObject({ kind: "refused" });
    subject.wire.answer(await subject.wire.posts.next(), { type: "action", payload: {} });
    expect(await second).toMatchObject({ kind: "answered" });
    expect(subject.ears.errors.size).toBe(0);
  });

  test("whose answer makes no sense have an unknown outcome", async () => {
    await subject.begin();
    const outcome = subject.post();
    subject.wire.answer(await subject.wire.posts.next(), { type: "surprise" });
    expect(await outcome).toMatchObject({ kind: "unknown" });
  });

  test("that are late are unknown, and count until the venue has answered", async () => {
    await subject.begin();
    const outcome = subject.socket.post("{}", 1500);
    const post = await subject.wire.posts.next();
    subject.world.timers.advance(1500);
    expect(await outcome).toMatchObject({ kind: "unknown" });
    expect([subject.socket.inFlight, subject.used("posts")]).toEqual([0, 1]);
    subject.wire.answer(post, { type: "action", payload: {} });
    await subject.settled();
    expect(subject.used("posts")).toBe(0);
    expect(subject.ears.errors.size).toBe(0);
  });

  test("under way when the connection drops are unknown", async () => {
    const peer = await subject.begin();
    const outcomes = [subject.post(), subject.post()];
    await subject.wire.posts.next();
    peer.terminate();
    for (const outcome of outcomes) expect(await outcome).toMatchObject({ kind: "unknown" });
    await subject.ears.down();
    expect(await subject.post()).toMatchObject({ kind: "not-sent", why: "not-connected" });
    expect(subject.used("posts")).toBe(0);
  });

  test("are bounded, and the last of them are for cancels", async () => {
    await subject.begin();
    const orders = Array.from({ length: 80 }, () => subject.post());
    expect(await subject.post()).toMatchObject({ kind: "not-sent", why: "budget" });
    const cancels = Array.from({ length: 20 }, () => subject.post("{}", true));
    expect(await subject.post("{}", true)).toMatchObject({ kind: "not-sent", why: "budget" });
    for (const _ of [...orders, ...cancels]) {
      subject.wire.answer(await subject.wire.posts.next(), { type: "action", payload: {} });
    }
    for (const outcome of [...orders, ...cancels]) {
      expect(await outcome).toMatchObject({ kind: "answered" });
    }
    expect(subject.wire.posts.size).toBe(0);
  });

  test("leave the last messages of a minute to cancels", async () => {
    await subject.begin();
    while (subject.limits.takeMessage(false));
    expect(await subject.post()).toMatchObject({ kind: "not-sent", why: "budget" });
    expect(subject.used("posts")).toBe(0);
    void subject.post("{}", true);
    await subject.wire.posts.next();
  });
});
