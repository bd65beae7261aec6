/**
 * The key of the masks of one capture. Secrets such as PINs are few enough to try them all, so the key is in no capture:
 * one key of the user lies in the user's own folder, mode 0600, and each capture's comes of it and of the capture's id.
 * So a capture that is gone on with keeps its masks, two captures have different ones, and a capture that was sent to
 * somebody cannot be tried.
 */
import { createHmac, randomBytes } from "node:crypto";
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const keyBytes = 32;

/** The key for the capture's masks; without a folder to keep one in, one that nobody will have again. */
export function maskKey(stateDir: string | undefined, captureId: string): Uint8Array {
  const own = stateDir === undefined ? undefined : userKey(stateDir);
  return own === undefined ? randomBytes(keyBytes) : createHmac("sha256", own).update(`masks of ${captureId}`).digest();
}

function userKey(stateDir: string): Uint8Array | undefined {
  const file = join(stateDir, "mask.key");
  try {
    if (!existsSync(file)) {
      mkdirSync(stateDir, { recursive: true, mode: 0o700 });
      // Two daemons may begin at once: whoever links first has made the key for both.
      const draft = `${file}.${process.pid}`;
      writeFileSync(draft, randomBytes(keyBytes), { mode: 0o600 });
      try {
        linkSync(draft, file);
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
      } finally {
        rmSync(draft, { force: true });
      }
    }
    chmodSync(file, 0o600);
    const key = readFileSync(file);
    return key.length === keyBytes ? key : undefined;
  } catch {
    // Without a place for it, masks hold for this run alone.
    return undefined;
  }
}
