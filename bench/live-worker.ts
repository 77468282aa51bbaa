/** A live pair in a worker thread: started by the first message, ended by the second. */

import {
  type LivePair,
  type LivePairFigures,
  type LivePairSetup,
  startLivePair,
} from "./live-pair.ts";

export type ToLiveWorker =
  | { readonly kind: "start"; readonly setup: LivePairSetup }
  | { readonly kind: "finish" };

export type FromLiveWorker =
  | { readonly kind: "started" }
  | { readonly kind: "finished"; readonly figures: LivePairFigures };

let pair: LivePair | undefined;

addEventListener("message", ({ data }: MessageEvent<ToLiveWorker>) => {
  void handle(data);
});

async function handle(message: ToLiveWorker): Promise<void> {
  if (message.kind === "start") {
    pair = await startLivePair(message.setup);
    tell({ kind: "started" });
  } else if (pair !== undefined) {
    tell({ kind: "finished", figures: await pair.finish() });
  }
}

function tell(message: FromLiveWorker): void {
  postMessage(message);
}
