/**
 * A daemon that only takes a lease, switches tracing on, says so, and then waits to be killed.
 * Arguments: the state folder, the management URL, the virtual host, the guardian's program.
 */
import { createLeaseKeeper, Management } from "../index.ts";

const [stateDir = "", baseUrl = "", vhost = "", guardianPath] = process.argv.slice(2);
// Nothing that it waits for keeps a process alive by itself.
setInterval(() => undefined, 60_000);
const leases = createLeaseKeeper({ stateDir, ...(guardianPath === undefined ? {} : { guardianPath }) });
const management = new Management({ baseUrl, username: "bob", password: "s3cret" });
await leases.takeTracing(management.access, vhost);
await management.setTracing(vhost, true);
await leases.guardianReady;
console.log(JSON.stringify({ guardian: leases.guardianPid ?? 0 }));
