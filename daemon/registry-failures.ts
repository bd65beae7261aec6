/** Every failure of a schema registry that a user may see: one or two sentences each. Credentials never appear in them. */
export const registrySentence = {
  unreachable: (url: string, why: string) =>
    `The schema registry at ${url} cannot be reached: ${why}. Start it, or correct its address.`,
  status: (url: string, status: number) => {
    if (status === 401) return `The schema registry at ${url} wants a login (401). Give it a user name and a password.`;
    if (status === 403)
      return `The schema registry at ${url} does not let this user read the schema (403). Ask for the right to read it.`;
    if (status === 404)
      return `The schema registry at ${url} does not have it (404). Check that it is the registry of the writers${/\/apis\/|\/ccompat/.test(url) ? "" : "; Apicurio's address ends with /apis/ccompat/v7"}.`;
    if (status === 429) return `The schema registry at ${url} is asked too often (429). It is asked again later.`;
    return `The schema registry at ${url} answered with status ${status}.`;
  },
  strange: (url: string) =>
    `What answers at ${url} is no schema registry: its answer is not what Confluent's API says. Correct the address; Apicurio's ends with /apis/ccompat/v7.`,
  unknownType: (type: string) => `The schema is of the type "${type}", which Contrail does not read.`,
  redirected: (url: string, where: string) =>
    `The schema registry at ${url} sends on to ${where}, which was not allowed. Give the address of the registry itself.`,
  tooLarge: (url: string) => `The schema that ${url} sends is too large, or refers to too much.`,
  badAddress: (text: string) =>
    `"${text}" is no address of a schema registry; it takes one such as http://127.0.0.1:8081.`,
  notAllowed: (host: string) =>
    `Contrail asks no schema registry on "${host}" unless you allow that host. On the command line: --allow-remote ${host}.`,
};

/** Why a schema could not be fetched. */
export class FailedFetch extends Error {
  /** Whether waiting can help; if not, the answer will be the same for some time. */
  readonly passing: boolean;
  readonly status: number | undefined;

  constructor(sentence: string, passing: boolean, status?: number) {
    super(sentence);
    this.name = "FailedFetch";
    this.passing = passing;
    this.status = status;
  }
}
