import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { eventually } from "../../contract/eventually.ts";
import { fillsFrame } from "./hl-wire.ts";
import { OwnSubject } from "./own-subject.ts";
import { USER } from "./socket-subject.ts";

let subject: OwnSubject;
beforeEach(() => {
  subject = new OwnSubject();
});
afterEach(() => subject.stop());

describe("a connection", () => {
  test("that drops comes back, with all subscriptions", async () => {
    const peer = await subject.begin();
    subject.wire.subscribed.clear();
    peer.terminate();
    expect(await subject.ears.down()).not.toBe("");
    expect([subject.socket.isUp, subject.used("sockets")]).toEqual([false, 0]);
    subject.world.timers.advance(200);
    await subject.ears.up();
    expect([subject.wire.subscribed.size, subject.socket.reconnects]).toEqual([7, 1]);
    expect(subject.used("subscriptions")).toBe(7);
  });

  test("that is half-open is found out: a ping has no answer", async () => {
    await subject.begin();
    subject.wire.isMute = true;
    const outcome = subject.post();
    subject.world.timers.advance(2000);
    await subject.wire.pings.next();
    expect(subject.used("ws-messages-1m")).toBe(9);
    subject.world.timers.advance(3000);
    expect(await subject.ears.down()).toContain("nothing heard");
    expect(await outcome).toMatchObject({ kind: "unknown" });
  });

  test("that is quiet is kept by pings, which the venue answers", async () => {
    await subject.begin();
    subject.world.timers.advance(2000);
    for (let count = 0; count < 20; count += 1) {
      await subject.wire.pings.next();
      await subject.settled(); // and so the pong has come before
      subject.world.timers.advance(3000);
    }
    expect([subject.wire.dialled, subject.ears.news.size]).toEqual([1, 0]);
  });

  test("that was never there leaves nothing counted", async () => {
    subject.wire.isRefusing = true;
    subject.socket.open(subject.ears);
    await eventually("it has dialled four times", () => {
      subject.world.timers.advance(1000);
      return subject.wire.dialled >= 4;
    });
    expect(subject.used("sockets") ?? 2).toBeLessThanOrEqual(1);
    subject.wire.isRefusing = false;
    await eventually("it is up", () => {
      if (!subject.socket.isUp) subject.world.timers.advance(1000);
      return subject.socket.isUp;
    });
    expect(subject.used("sockets")).toBe(1);
  });

  test("waits where the address has no more of them", async () => {
    const other = subject.limits.gauges.claim();
    for (let count = 0; count < 10; count += 1) other?.take("sockets");
    subject.socket.open(subject.ears);
    expect([subject.wire.dialled, subject.used("connections-1m")]).toEqual([0, 0]);
    other?.leave();
    subject.world.timers.advance(1000);
    await subject.ears.up();
  });

  test("waits where too many were made within a minute", async () => {
    while (subject.limits.takeConnection() === 0);
    subject.socket.open(subject.ears);
    subject.world.timers.advance(59_000);
    expect([subject.wire.dialled, subject.used("sockets")]).toEqual([0, 0]);
    subject.world.timers.advance(2000);
    await subject.ears.up();
  });

  test("is replaced without going down, and its posts are answered all the same", async () => {
    const old = await subject.begin();
    const outcome = subject.post();
    const post = await subject.wire.posts.next();
    subject.socket.renew();
    const next = await subject.wire.opened.next();
    expect(next).not.toBe(old);
    for (let count = 0; count < 14; count += 1) await subject.wire.subscribed.next();
    // Both deliver for a while.
    subject.wire.tell(fillsFrame(USER, 1), old);
    subject.wire.tell(fillsFrame(USER, 1), next);
    expect([await subject.ears.text(), await subject.ears.text()]).toEqual(
      Array(2).fill(fillsFrame(USER, 1)),
    );
    expect(subject.used("sockets")).toBe(2);
    subject.wire.answer(post, { type: "action", payload: {} });
    expect(await outcome).toMatchObject({ kind: "answered" });
    void subject.post();
    expect((await subject.wire.posts.next()).peer).toBe(next);
    subject.world.timers.advance(1000);
    subject.socket.renew(); // too soon: the channel may just be quiet
    await subject.live(9);
    expect(await subject.wire.closed.next()).toBe(old);
    expect(subject.used("sockets")).toBe(1);
    expect(subject.used("subscriptions")).toBe(7);
    expect([subject.wire.dialled, subject.ears.news.size, subject.socket.reconnects]).toEqual([
      2, 0, 0,
    ]);
  });

  test("is ended first where the address has no room for two", async () => {
    const old = await subject.begin();
    const other = subject.limits.gauges.claim();
    for (let count = 0; count < 9; count += 1) other?.take("sockets");
    subject.socket.renew();
    expect(await subject.ears.down()).not.toBe("");
    expect(await subject.wire.closed.next()).toBe(old);
    expect(subject.used("sockets")).toBe(9);
    subject.world.timers.advance(200);
    await subject.ears.up();
    expect([subject.wire.dialled, subject.used("sockets")]).toEqual([2, 10]);
  });

  test("of a thread that was held up is made anew: others stopped counting it", async () => {
    const peer = await subject.begin();
    subject.world.heldUpMs = 20_000;
    subject.world.timers.advance(1000);
    await subject.ears.down();
    expect(await subject.wire.closed.next()).toBe(peer);
    subject.world.timers.advance(200);
    await subject.ears.up();
    expect([subject.wire.dialled, subject.used("sockets")]).toEqual([2, 1]);
    expect(subject.used("subscriptions")).toBe(7);
  });

  test("that is closed by us ends its posts, and is heard no more", async () => {
    await subject.begin();
    const outcome = subject.post();
    await subject.wire.posts.next();
    subject.socket.close();
    expect(await outcome).toMatchObject({ kind: "unknown" });
    await subject.wire.closed.next();
    await eventually("no timer is left", () => subject.world.timers.pending === 0);
    expect(subject.ears.news.size).toBe(0);
    const names = ["sockets", "subscriptions", "posts"];
    expect(names.map((name) => subject.used(name))).toEqual([0, 0, 0]);
  });
});
