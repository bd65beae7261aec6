import { createServer } from "node:net";
import { expect, test } from "vitest";
import { claimPorts } from "./index.ts";

test("claims made at the same time share no port, and all lie below the ports of outgoing connections", async () => {
  const claims = await Promise.all(Array.from({ length: 12 }, () => claimPorts(6)));
  const ports = claims.flatMap(({ first }) => Array.from({ length: 6 }, (_, index) => first + index));
  expect(new Set(ports).size).toBe(72);
  for (const port of ports) {
    expect(port).toBeGreaterThanOrEqual(20_000);
    expect(port).toBeLessThan(32_768);
  }
  await Promise.all(claims.map((claim) => claim.release()));
});

test("a claimed port can be listened on, while its lock keeps others away until it is released", async () => {
  const claim = await claimPorts(1);
  await expect(listens(claim.first)).resolves.toBe(true);
  await expect(listens(claim.first - 1)).resolves.toBe(false);
  await claim.release();
  await expect(listens(claim.first - 1)).resolves.toBe(true);
});

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
