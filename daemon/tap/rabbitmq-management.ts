/**
 * Finds the management API that belongs to a broker, and says whether its user may trace there.
 */
import { Management, ManagementError } from "../guardian/index.ts";
import { inShell } from "../rabbitmqctl.ts";
import { managementCandidates, type RabbitmqAddress } from "./address.ts";

/**
 * The management API of the very broker that calls its cluster so; another broker's, on the port where one would expect
 * this one's, is passed over. A URL that the user gave is believed. `refused`: one is there and does not let this user
 * in, so nothing was learned of it, not even whose it is.
 */
export async function findManagement(
  address: RabbitmqAddress,
  givenUrl: string | undefined,
  cluster: string,
  ca?: string,
): Promise<Management | "refused" | undefined> {
  const { username, password } = address;
  let refused = false;
  for (const baseUrl of givenUrl === undefined ? managementCandidates(address) : [givenUrl]) {
    const management = new Management({ baseUrl, username, password, ...(ca === undefined ? {} : { ca }) });
    try {
      const overview = await management.overview();
      if (givenUrl !== undefined || overview.cluster === cluster) return management;
    } catch (error) {
      // It refuses this user: it is there, and what it refuses is said where it is needed.
      if (givenUrl !== undefined && error instanceof ManagementError && error.status !== 0) return management;
      refused ||= isRefusal(error);
    }
    management.close();
  }
  return refused ? "refused" : undefined;
}

/** `true`, or a sentence that says why not and what to grant. */
export async function mayTrace(
  management: Management | "refused" | undefined,
  address: RabbitmqAddress,
): Promise<true | string> {
  const { username, vhost } = address;
  const grant = `To see everything: rabbitmqctl set_user_tags ${inShell(username)} administrator.`;
  const refuses = `RabbitMQ's management API does not let the user "${username}" in, so tracing cannot be switched on. ${grant}`;
  if (management === "refused") return refuses;
  if (management === undefined) {
    return `RabbitMQ's management API was not found for the user "${username}", so tracing cannot be switched on. Enable it (rabbitmq-plugins enable rabbitmq_management), give its URL (--rabbitmq-management, in VS Code contrail.rabbitmq.managementUrl), or give the user the administrator tag.`;
  }
  try {
    const [tags, { tracing }] = await Promise.all([management.tagsOfUser(), management.vhost(vhost)]);
    if (tracing || tags.includes("administrator")) return true;
    return `The user "${username}" may not switch tracing on, since it lacks the administrator tag. ${grant}`;
  } catch (error) {
    if (isRefusal(error)) return refuses;
    return `RabbitMQ's management API does not answer (${error instanceof Error ? error.message : String(error)}), so tracing cannot be switched on.`;
  }
}

/** So it answers a user without any tag, which is what most users of applications are. */
function isRefusal(error: unknown): boolean {
  return error instanceof ManagementError && (error.status === 401 || error.status === 403);
}
