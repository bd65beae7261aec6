/** Changes to inputs as an attacker or a broken line makes them; the same seed gives the same ones. */

/** Numbers from 0 up to 2^32, the same row for the same seed (Mulberry32). */
export function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Lengths, counts and heads that formats trip over. */
const traps: readonly (readonly number[])[] = [
  [0x80, 0x80, 0x80, 0x80, 0x08],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0xff, 0xff, 0xff, 0x7f],
  [0x7f, 0xff, 0xff, 0xff],
  [0x40, 0x00, 0x00, 0x00],
  [0xdd, 0xff, 0xff, 0xff, 0xff],
  [0xdf, 0x3f, 0xff, 0xff, 0xff],
  [0x9b, 0, 0, 0, 0, 0x40, 0, 0, 0],
  [0x9f, 0x9f, 0x9f, 0x9f],
  [0xc3, 0x28],
  [0xed, 0xa0, 0x80],
  [0xef, 0xbb, 0xbf],
  [0x00],
  [0xff],
  [...Buffer.from("[[[[")],
  [...Buffer.from('{"__proto__":{}}')],
  [...Buffer.from("1e999")],
  [...Buffer.from("<a><a>")],
  [...Buffer.from("&#x110000;")],
];

/** One changed copy of `seed`; now and then a part of `other` is put in. */
export function mutate(seed: Uint8Array, other: Uint8Array, random: (below: number) => number): Uint8Array {
  let bytes: Uint8Array = Uint8Array.from(seed);
  for (let times = 1 + random(4); times > 0; times--) {
    const at = random(bytes.length + 1);
    switch (random(9)) {
      case 0:
      case 1:
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
        break;
      case 2:
        if (at < bytes.length) bytes[at] = random(256);
        break;
      case 3:
        bytes = bytes.slice(0, at);
        break;
      case 4:
        bytes = joined(bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + 1 + random(8))));
        break;
      case 5: {
        const part = bytes.subarray(at, at + 1 + random(16));
        const copies = Array.from({ length: 1 + random(random(20) === 0 ? 300 : 3) }, () => part);
        bytes = joined(bytes.subarray(0, at), ...copies, bytes.subarray(at));
        break;
      }
      case 6: {
        const from = random(other.length + 1);
        bytes = joined(bytes.subarray(0, at), other.subarray(from, from + 1 + random(32)), bytes.subarray(at));
        break;
      }
      case 7:
        bytes = joined(bytes.subarray(0, at), Uint8Array.from(traps[random(traps.length)] ?? []), bytes.subarray(at));
        break;
      default: {
        const trap = traps[random(traps.length)] ?? [];
        for (let i = 0; i < trap.length && at + i < bytes.length; i++) bytes[at + i] = trap[i] ?? 0;
      }
    }
  }
  return bytes;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
