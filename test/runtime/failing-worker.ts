/** A worker that reports once and then, at the first command, ends as its `configDir` says. */

import type { FromWorker, ToWorker } from "#runtime/messages.ts";

function tell(message: FromWorker): void {
  postMessage(message);
}

let way = "";

addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === "start") {
    way = data.configDir;
    const fields = { epoch: data.epoch };
    tell({ kind: "log", level: "info", event: "up", message: "it runs", fields });
    return;
  }
  switch (way) {
    case "throws":
      throw new Error("thrown on purpose");
    case "rejects":
      void Promise.reject(new Error("rejected on purpose"));
      return;
    case "throws later":
      setTimeout(() => {
        throw new Error("thrown late");
      }, 0);
      return;
    case "exits":
      process.exit(0);
    case "hangs":
      tell({ kind: "log", level: "info", event: "loops", message: "for ever", fields: {} });
      for (;;);
    default:
      throw new Error(`no such way to end: ${way}`);
  }
});
