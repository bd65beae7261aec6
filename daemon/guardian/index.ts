/**
 * What was changed on a broker and how it is put back, whatever dies. Takes in a folder for leases and the path of the
 * guardian's program; hands out a keeper that a tap asks before it changes anything, and the restoring that a start
 * does first. The management API lives here because the guardian needs it and must stay small.
 */
export { guard, type GuardOptions } from "./guard.ts";
export {
  createLeaseKeeper,
  restoreLeftovers,
  type LeaseHandle,
  type LeaseKeeper,
  type LeaseKeeperOptions,
} from "./keeper.ts";
export {
  Management,
  ManagementError,
  type Binding,
  type Exchange,
  type ManagementAccess,
  type ManagementConnection,
  type QueueCounts,
  type Vhost,
} from "./management.ts";
