import { createServer, type Server } from "node:net";

/** A block of free ports on the loopback address; nobody else who asks here gets any of them until `release`. */
export interface PortBlock {
  /** The first port for use; the others follow it. */
  readonly first: number;
  release(): Promise<void>;
}

/** From 32768 on Linux hands ports to outgoing connections, so a listener there may find its port taken. */
const lowest = 20_000;
const highest = 32_767;

/**
 * Claims `count` neighbouring ports. The port below the block is held open for as long as the claim lasts: it is the
 * lock that keeps two runs side by side apart, and the system lifts it by itself when this process dies.
 */
export async function claimPorts(count: number): Promise<PortBlock> {
  const stride = count + 1;
  const blocks = Math.floor((highest - lowest + 1) / stride);
  const offset = Math.floor(Math.random() * blocks);
  for (let index = 0; index < blocks; index += 1) {
    const lockPort = lowest + ((offset + index) % blocks) * stride;
    const lock = await listen(lockPort);
    if (lock === undefined) continue;
    if (await allFree(lockPort + 1, count)) return { first: lockPort + 1, release: () => close(lock) };
    await close(lock);
  }
  throw new Error(
    `No ${count} neighbouring ports are free between ${lowest} and ${highest}. End other runs and try again.`,
  );
}

async function allFree(first: number, count: number): Promise<boolean> {
  for (let port = first; port < first + count; port += 1) {
    const server = await listen(port);
    if (server === undefined) return false;
    await close(server);
  }
  return true;
}

/** Listens, or answers `undefined` where the port is taken. The listener does not keep the process alive. */
function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", () => resolve(undefined));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      server.unref();
      resolve(server);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
