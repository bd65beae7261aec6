/** Figures and names as sentences and rows say them. */

/** `37 ms`, `2.01 s`, `5 s`, `4 min 17 s`, `3 h 5 min`: at most three significant digits, a space before the unit. */
export function duration(ms: number): string {
  const value = Math.max(0, ms);
  if (value < 999.5) return `${value < 10 && value > 0 ? trimmed(value.toFixed(1)) : Math.round(value)} ms`;
  if (value < 99_950) return `${trimmed((value / 1000).toPrecision(3))} s`;
  const minutes = Math.floor(value / 60_000);
  if (minutes < 60) {
    const seconds = Math.floor((value % 60_000) / 1000);
    return seconds === 0 ? `${minutes} min` : `${minutes} min ${seconds} s`;
  }
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const small = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/** `three messages`, `1 message` as `one message`. */
export function count(n: number, noun: string): string {
  return `${number(n)} ${n === 1 ? noun : `${noun}s`}`;
}

/** Figures of a sentence: words up to twelve, then digits with commas. */
export function number(n: number): string {
  return small[n] ?? n.toLocaleString("en-US");
}

/** `once`, `twice`, `three times`. */
export function times(n: number): string {
  return n === 1 ? "once" : n === 2 ? "twice" : `${number(n)} times`;
}

/** `a`, `a and b`, `a, b and c`. */
export function list(items: readonly string[]): string {
  return items.length <= 1 ? (items[0] ?? "") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

/** Ids lose their middle, never their ends. */
export function shortId(id: string, length = 24): string {
  if (id.length <= length) return id;
  const side = Math.floor((length - 1) / 2);
  return `${id.slice(0, side)}…${id.slice(id.length - side)}`;
}

function trimmed(figure: string): string {
  return String(Number(figure));
}
