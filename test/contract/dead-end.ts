/** A port of this machine behind which nobody answers. */

/** A port where every connection ends at once: nobody else can be given it meanwhile. */
export function deadEnd(): { readonly address: string; readonly stop: () => void } {
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { open: (socket) => socket.terminate(), data: () => undefined },
  });
  return { address: `127.0.0.1:${listener.port}`, stop: () => listener.stop(true) };
}
