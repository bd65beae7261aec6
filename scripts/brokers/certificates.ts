/**
 * Certificates for tests of TLS, made by openssl for this run alone: an authority of its own, a server certificate for
 * this machine that it signed, and a second authority that nobody should trust.
 */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Certificates {
  /** The authority, as PEM text and as a file. */
  readonly authority: string;
  readonly authorityFile: string;
  /** The server's certificate and its key, PEM files. */
  readonly certificateFile: string;
  readonly keyFile: string;
  /** An authority that signed nothing here, as PEM text. */
  readonly stranger: string;
}

/** Makes them in `folder`, which must exist. The server's certificate is for 127.0.0.1 and localhost. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const file = (name: string): string => join(folder, name);
  const openssl = async (args: readonly string[]): Promise<void> => {
    try {
      await run("openssl", args, { cwd: folder });
    } catch (cause) {
      throw new Error("openssl could not make the certificates for tests of TLS. Is it installed?", { cause });
    }
  };
  const newKey = ["-newkey", "rsa:2048", "-nodes", "-sha256"];
  const authority = (name: string): Promise<void> =>
    openssl([
      "req",
      "-x509",
      ...newKey,
      "-days",
      "30",
      "-subj",
      `/CN=${name}`,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.pem`,
    ]);
  await writeFile(file("names.cnf"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
  await Promise.all([
    authority("authority"),
    authority("stranger"),
    openssl(["req", ...newKey, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr"]),
  ]);
  const signed = ["-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial", "-days", "30", "-sha256"];
  await openssl(["x509", "-req", "-in", "server.csr", ...signed, "-extfile", "names.cnf", "-out", "server.pem"]);
  return {
    authority: await readFile(file("authority.pem"), "utf8"),
    authorityFile: file("authority.pem"),
    certificateFile: file("server.pem"),
    keyFile: file("server.key"),
    stranger: await readFile(file("stranger.pem"), "utf8"),
  };
}
