/**
 * Finds the management API that belongs to a broker, and says whether its user may trace there.
 */
import { Management, ManagementError } from "../guardian/index.ts";
import { managementCandidates, type RabbitmqAddress } from "./address.ts";

/**
 * The management API of the very broker that calls its cluster so; another broker's, on the port where one would expect
 * this one's, is passed over. A URL that the user gave is believed.
 */
export async function findManagement(
  address: RabbitmqAddress,
  givenUrl: string | undefined,
  cluster: string,
): Promise<Management | undefined> {
  const { username, password } = address;
  for (const baseUrl of givenUrl === undefined ? managementCandidates(address) : [givenUrl]) {
    const management = new Management({ baseUrl, username, password });
    try {
      const overview = await management.overview();
      if (givenUrl !== undefined || overview.cluster === cluster) return management;
    } catch (error) {
      // It refuses this user: it is there, and what it refuses is said where it is needed.
      if (givenUrl !== undefined && error instanceof ManagementError && error.status !== 0) return management;
    }
    management.close();
  }
  return undefined;
}

/** `true`, or a sentence that says why not and what to grant. */
export async function mayTrace(management: Management | undefined, address: RabbitmqAddress): Promise<true | string> {
  const { username, vhost } = address;
  const grant = `To see everything: rabbitmqctl set_user_tags ${username} administrator.`;
  if (management === undefined) {
    return `RabbitMQ's management API was not found for the user "${username}", so tracing cannot be switched on. Enable it (rabbitmq-plugins enable rabbitmq_management), give its URL, or give the user the administrator tag.`;
  }
  try {
    const [tags, { tracing }] = await Promise.all([management.tagsOfUser(), management.vhost(vhost)]);
    if (tracing || tags.includes("administrator")) return true;
    return `The user "${username}" may not switch tracing on, since it lacks the administrator tag. ${grant}`;
  } catch (error) {
    if (error instanceof ManagementError && (error.status === 401 || error.status === 403)) {
      return `RabbitMQ's management API refuses the user "${username}". ${grant}`;
    }
    return `RabbitMQ's management API does not answer (${error instanceof Error ? error.message : String(error)}), so tracing cannot be switched on.`;
  }
}
