import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync, gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { archiveSource } from "./archives.ts";
import { archiveLimits } from "./open-archive.ts";
import { TestRepository } from "./testing/repository.ts";

const folder = mkdtempSync(join(tmpdir(), "contrail-archives-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What is read of an archive with these bytes: texts by path, and every sentence that was said. */
async function readAll(name: string, bytes: Uint8Array, limits = {}) {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  const source = archiveSource(file, name, folder, { ...archiveLimits, ...limits });
  const listing = await source.list((path) => path.endsWith(".proto"));
  const { contents, unreadable } = await source.read(listing.paths);
  const said = [...listing.notes, ...listing.unreadable, ...unreadable].map(({ message }) => message);
  return { texts: Object.fromEntries([...contents].map(([path, content]) => [path, content.toString()])), said };
}

interface TarEntry {
  readonly name: string;
  readonly content?: string;
  readonly type?: string;
  /** What the header says, where that is not the length of the content. */
  readonly size?: string;
}

function tar(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap(({ name, content = "", type = "0", size }) => {
    const header = Buffer.alloc(512);
    header.write(name, 0, 100);
    header.write(size ?? `${content.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write("        ", 148);
    header.write(type, 156);
    header.write("ustar\0", 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return [header, Buffer.from(content), Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

interface ZipEntry {
  readonly name: string;
  readonly content: string;
  /** What the directory says, where that is not the length of the content. */
  readonly size?: number;
  readonly flags?: number;
}

function zip(entries: readonly ZipEntry[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, content, size = content.length, flags = 0 } of entries) {
    const packed = deflateRawSync(content);
    const head = Buffer.alloc(30);
    head.write("PK\u0003\u0004", "latin1");
    head.writeUInt16LE(name.length, 26);
    files.push(head, Buffer.from(name), packed);
    const entry = Buffer.alloc(46);
    entry.write("PK\u0001\u0002", "latin1");
    entry.writeUInt16LE(flags, 8);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(size, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    directory.push(entry, Buffer.from(name));
    at += 30 + name.length + packed.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006", "latin1");
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...files, listed, end]);
}

describe("an archive as a baseline", () => {
  it("is read as git packs it, with or without a folder around", async () => {
    const long = `${"deep/".repeat(40)}x.proto`;
    const repository = new TestRepository({ "a/b.proto": "one", [long]: "two", "README.md": "no contract" });
    try {
      repository.commit("all");
      for (const format of ["tar", "tar.gz", "zip"]) {
        for (const prefix of ["", "--prefix=shop-1.2/"]) {
          const name = `shop.${format}`;
          repository.git("archive", "-o", join(folder, name), ...(prefix === "" ? [] : [prefix]), "HEAD");
          const { texts, said } = await readAll(name, readFileSync(join(folder, name)));
          expect([name, prefix, texts, said]).toEqual([name, prefix, { "a/b.proto": "one", [long]: "two" }, []]);
        }
      }
    } finally {
      repository.dispose();
    }
  });

  it("reads names that do not fit into a header, as GNU tar and pax write them", async () => {
    const attribute = "path=c/d.proto\n";
    const { texts, said } = await readAll(
      "names.tar",
      tar([
        { name: "././@LongLink", type: "L", content: "a/b.proto\0" },
        { name: "short", content: "one" },
        { name: "attributes", type: "x", content: `${attribute.length + 3} ${attribute}` },
        { name: "short", content: "two" },
        { name: "link.proto", type: "2" },
      ]),
    );
    expect([texts, said]).toEqual([{ "a/b.proto": "one", "c/d.proto": "two" }, []]);
  });

  it("leaves out what leads out of it, and says so once", async () => {
    const names = ["../../evil.proto", "/etc/evil.proto", "a/../../evil.proto", "c:/evil.proto", "a\\..\\evil.proto"];
    const files = [...names, "good.proto"].map((name) => ({ name, content: "x" }));
    for (const [name, bytes] of [
      ["evil.tar", tar(files)],
      ["evil.zip", zip(files)],
    ] as const) {
      const { texts, said } = await readAll(name, bytes);
      expect(texts).toEqual({ "good.proto": "x" });
      expect(said).toEqual([
        expect.stringContaining(`"${name}" names files outside of itself, such as "../../evil.proto"`),
      ]);
    }
  });

  it("stops at its bounds instead of unpacking a bomb", async () => {
    const many = tar([{ name: "big.txt", content: "0".repeat(3_000_000) }]);
    const bomb = await readAll("bomb.tar.gz", gzipSync(many), { unpackedBytes: 1_000_000 });
    expect(bomb).toEqual({ texts: {}, said: [expect.stringContaining("unpacks to more than 1 MB")] });
    const lying = await readAll("lying.zip", zip([{ name: "a.proto", content: "0".repeat(3_000_000), size: 10 }]));
    expect(lying).toEqual({ texts: {}, said: [expect.stringContaining("unpacks to more than the archive says")] });
    const large = await readAll("large.tar", tar([{ name: "a.proto", content: "0".repeat(2000) }]), {
      fileBytes: 1000,
    });
    expect(large).toEqual({ texts: {}, said: [expect.stringContaining('"a.proto" has 0.0 MB')] });
    const entries = Array.from({ length: 20 }, (_, index) => ({ name: `${index}.proto`, content: "x" }));
    const crowded = await readAll("crowded.tar", tar(entries), { entries: 5 });
    expect([Object.keys(crowded.texts).length, crowded.said.length]).toEqual([5, 1]);
  });

  it("is one sentence where it is damaged, at whatever byte", async () => {
    const whole = {
      tar: tar([{ name: "a.proto", content: "x".repeat(600) }]),
      zip: zip([{ name: "a.proto", content: "x" }]),
    };
    for (const [format, bytes] of Object.entries(whole)) {
      for (let length = 0; length < Math.min(bytes.length, 1536); length += 7) {
        const { said } = await readAll(`cut.${format}`, bytes.subarray(0, length));
        expect([length, said.length <= 1]).toEqual([length, true]);
      }
      for (let at = 0; at < bytes.length; at += 3) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ 0xff;
        await readAll(`changed.${format}`, changed);
      }
    }
    const { said } = await readAll("text.tar.gz", Buffer.from("hello"));
    expect(said).toEqual([expect.stringMatching(/^"text\.tar\.gz" cannot be read as an archive: /)]);
    const empty = await readAll("empty.tar", Buffer.alloc(0));
    expect(empty.said).toEqual(['"empty.tar" cannot be read as an archive: it is empty. Make or download it again.']);
    const locked = await readAll("locked.zip", zip([{ name: "a.proto", content: "x", flags: 1 }]));
    expect(locked.said).toEqual(['"locked.zip/a.proto" cannot be read: it is encrypted.']);
  });
});
