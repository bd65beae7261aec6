/**
 * Numbers and names as the page shows them: units with a space, three significant digits, ids that lose their middle.
 * Times of day are those of the reader's clock.
 */

/** Three significant digits, without an exponent: `0.214`, `6.40`, `37`, `214`. Whole numbers stay whole. */
export function threeDigits(value: number): string {
  const size = Math.abs(value);
  if (size >= 99.95) return Math.round(value).toString();
  if (Number.isInteger(value)) return value.toString();
  if (size >= 9.995) return value.toFixed(1);
  if (size >= 0.9995) return value.toFixed(2);
  return value.toFixed(3);
}

/** How long something took: `0.214 ms`, `37 ms`, `3.98 s`, `4 min 18 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return "";
  const value = Math.max(0, ms);
  if (value < 1) return `${threeDigits(Number(value.toPrecision(3)))} ms`;
  if (value < 999.5) return `${value < 10 ? trimmed(value) : Math.round(value)} ms`;
  if (value < 59_950) return `${fixedSeconds(value / 1000)} s`;
  return twoUnits(value);
}

/** Milliseconds under ten keep their fraction only when there is one. */
function trimmed(value: number): string {
  return Math.abs(value - Math.round(value)) < 0.005 ? Math.round(value).toString() : threeDigits(value);
}

function fixedSeconds(seconds: number): string {
  return seconds >= 9.995 ? seconds.toFixed(1) : seconds.toFixed(2);
}

function twoUnits(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return joinUnits(minutes, "min", seconds % 60, "s");
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return joinUnits(hours, "h", minutes % 60, "min");
  return joinUnits(Math.floor(hours / 24), "d", hours % 24, "h");
}

function joinUnits(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}

/** Time since the start of a conversation: `0`, `+247 ms`, `+3.044 s`, `+15.90 s`, `+4 min 2 s`. */
export function offset(ms: number): string {
  if (Math.round(ms) === 0) return "0";
  const sign = ms < 0 ? "−" : "+";
  const value = Math.abs(ms);
  if (value < 999.5) return `${sign}${Math.round(value)} ms`;
  if (value < 9_999.5) return `${sign}${(value / 1000).toFixed(3)} s`;
  if (value < 59_995) return `${sign}${(value / 1000).toFixed(2)} s`;
  return sign + twoUnits(value);
}

/** Age in one unit: `now`, `12 s`, `4 min`, `2 h`, `3 d`. */
export function age(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 1) return "now";
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}

/** `1,318`. */
export function count(value: number): string {
  const digits = Math.round(Math.abs(value)).toString();
  const grouped = digits.replaceAll(/\B(?=(\d{3})+$)/g, ",");
  return value < 0 ? `−${grouped}` : grouped;
}

/** `1 message`, `3,412 messages`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `512 bytes`, `12.0 KB`, `214 MB`. */
export function bytes(value: number): string {
  if (value < 1000) return counted(value, "byte");
  const units = ["KB", "MB", "GB", "TB"];
  let size = value;
  let unit = -1;
  do {
    size /= 1000;
    unit++;
  } while (size >= 999.5 && unit < units.length - 1);
  return `${threeDigits(size)} ${units[unit] ?? ""}`;
}

/** `14:00:51`. */
export function timeOfDay(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => two(part)).join(":");
}

/** `14:00:51.204`. */
export function exactTime(at: number): string {
  return `${timeOfDay(at)}.${Math.floor(new Date(at).getMilliseconds()).toString().padStart(3, "0")}`;
}

/** `14:00`, or with seconds where an axis has steps under a minute. */
export function axisTime(at: number, stepMs: number): string {
  const whole = timeOfDay(at);
  return stepMs % 60_000 === 0 ? whole.slice(0, 5) : whole;
}

function two(part: number): string {
  return part.toString().padStart(2, "0");
}

/** An id loses its middle, never its ends: they are what tells two ids apart. */
export function shortId(id: string, most: number): string {
  const characters = Array.from(id);
  if (characters.length <= most || most < 5) return id;
  const kept = most - 1;
  const head = Math.ceil(kept / 2);
  return `${characters.slice(0, head).join("")}…${characters.slice(characters.length - (kept - head)).join("")}`;
}

/** A dotted name loses its prefix: `shop.inventory.v1.StockReserved` becomes `…v1.StockReserved`, then `…StockReserved`. */
export function shortName(name: string, most: number): string {
  if (name.length <= most) return name;
  const parts = name.split(".");
  for (let from = 1; from < parts.length; from++) {
    const rest = `…${parts.slice(from).join(".")}`;
    if (rest.length <= most) return rest;
  }
  return parts.length > 1 ? `…${parts.at(-1) ?? ""}` : shortId(name, most);
}
