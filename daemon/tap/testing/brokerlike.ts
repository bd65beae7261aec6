/** Ports that are not the broker one hoped for, for tests of what is said about them. */
import { createServer, type Server, type Socket } from "node:net";

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on a free port; `greet` does to each connection what the impostor does. */
export async function listen(greet: (socket: Socket) => void): Promise<Listener> {
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => open.delete(socket));
    greet(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    close: () => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Answers the first bytes with a text, as a web server or another broker would. */
export function answering(bytes: string): (socket: Socket) => void {
  return (socket) => {
    socket.once("data", () => socket.write(bytes, "latin1"));
  };
}

export const silent = (): void => undefined;

export const hangingUp = (socket: Socket): void => {
  socket.once("data", () => socket.end());
};
