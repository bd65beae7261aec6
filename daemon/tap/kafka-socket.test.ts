import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { createSocketFactory, type SocketError, type SocketFactoryOptions } from "./kafka-socket.ts";
import { listen, silent, type Listener } from "./testing/brokerlike.ts";

let listener: Listener | undefined;

afterEach(async () => {
  await listener?.close();
  listener = undefined;
});

async function attempt(options: Partial<SocketFactoryOptions>, host: string, port: number): Promise<string> {
  const errors = new Map<string, SocketError>();
  const open = createSocketFactory({ seeds: [{ host: "127.0.0.1", port: 1 }], ...options }, errors);
  const socket = open({ host, port, onConnect: () => socket.destroy(new Error("connected")) });
  const [error] = (await once(socket, "error")) as [Error & { code?: string }];
  return error.message === "connected" ? `connected to ${socket.remotePort ?? 0}` : String(error.code);
}

test("another machine that a broker names is not gone to, unless it was allowed", async () => {
  expect(await attempt({}, "192.0.2.1", 9092)).toBe("REMOTE");
  const asked: string[] = [];
  const mayConnect = (host: string): boolean => asked.push(host) < 0;
  expect(await attempt({ mayConnect }, "192.0.2.1", 9092)).toBe("REMOTE");
  expect(asked).toEqual(["192.0.2.1"]);
});

test("a name nobody knows is told apart", async () => {
  expect(await attempt({}, "kafka.invalid", 9092)).toBe("UNRESOLVED");
});

test("the address map leads to where it says, and no further than is allowed", async () => {
  listener = await listen(silent);
  const { port } = listener;
  const addressMap = { "kafka.invalid:9092": `127.0.0.1:${port}`, "kafka.invalid:9093": "192.0.2.1:9092" };
  expect(await attempt({ addressMap }, "kafka.invalid", 9092)).toMatch(/^connected/);
  expect(await attempt({ addressMap }, "kafka.invalid", 9093)).toBe("REMOTE");
});

test("a name that stands for this machine is fine", async () => {
  listener = await listen(silent);
  expect(await attempt({}, "localhost", listener.port)).toMatch(/^connected/);
});

test("a socket that is closed before it was connected says so: whoever connects would wait for ever", async () => {
  listener = await listen(silent);
  const open = createSocketFactory({ seeds: [{ host: "127.0.0.1", port: 1 }] }, new Map());
  for (const ssl of [undefined, {}]) {
    const socket = open({
      host: "127.0.0.1",
      port: listener.port,
      ...(ssl === undefined ? {} : { ssl }),
      onConnect: () => undefined,
    });
    process.nextTick(() => socket.destroy());
    const [error] = (await once(socket, "error")) as [Error & { code?: string }];
    expect(error.code).toBe("CLOSED");
  }
});
