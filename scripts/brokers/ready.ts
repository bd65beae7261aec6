/** Asks brokers on the wire whether they serve yet: a port that accepts connections says too little. */
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Asks again until `ready` answers true; gives up when `alive` says no or the time is over. */
export async function until(
  ready: () => Promise<boolean>,
  options: { readonly timeout: number; readonly alive?: () => boolean; readonly signal?: AbortSignal },
): Promise<boolean> {
  for (const end = Date.now() + options.timeout; Date.now() < end; await sleep(100)) {
    if (options.alive?.() === false || options.signal?.aborted === true) return false;
    if (await ready()) return true;
  }
  return false;
}

/**
 * Whether a Kafka broker serves: its answer to a Metadata request (version 1, no topics) names a broker.
 * The request: size, api key 3, version 1, correlation id, client id, then an array of no topics.
 * The answer: size, correlation id, then an array of brokers.
 */
export async function kafkaReady(host: string, port: number): Promise<boolean> {
  const client = Buffer.from("contrail-setup");
  const request = Buffer.alloc(4 + 2 + 2 + 4 + 2 + client.length + 4);
  let at = request.writeInt32BE(request.length - 4, 0);
  at = request.writeInt16BE(3, at);
  at = request.writeInt16BE(1, at);
  at = request.writeInt32BE(1, at);
  at = request.writeInt16BE(client.length, at);
  at += client.copy(request, at);
  request.writeInt32BE(0, at);
  const answer = await ask(host, port, request, 12);
  return answer !== undefined && answer.readInt32BE(8) > 0;
}

/** Whether a RabbitMQ node serves: to the protocol header it answers with a method frame (`connection.start`). */
export async function rabbitmqReady(host: string, port: number): Promise<boolean> {
  const answer = await ask(host, port, Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1]), 7);
  return answer?.[0] === 1;
}

/** Whether RabbitMQ's management API answers to the user of the address. */
export async function managementReady(url: string): Promise<boolean> {
  try {
    const { username, password, origin } = new URL(url);
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
    const answer = await fetch(`${origin}/api/overview`, {
      headers: { authorization },
      signal: AbortSignal.timeout(2_000),
    });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

/** Sends bytes and resolves to the first bytes of the answer, or to nothing. */
function ask(host: string, port: number, bytes: Buffer, want: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    let answer = Buffer.alloc(0);
    const socket = connect({ host, port });
    const finish = (result: Buffer | undefined): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(2_000, () => finish(undefined));
    socket.once("error", () => finish(undefined));
    socket.once("close", () => finish(undefined));
    socket.once("connect", () => socket.write(bytes));
    socket.on("data", (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length >= want) finish(answer);
    });
  });
}
