/** Commands that sentences tell a user to run. Pure. */

/** Lets a user do everything in a virtual host of RabbitMQ. */
export function grantAll(vhost: string, user: string): string {
  return `rabbitmqctl set_permissions -p ${inShell(vhost)} ${inShell(user)} ".*" ".*" ".*"`;
}

/** A name as a shell takes it for one word. */
export function inShell(name: string): string {
  return /^[\w./:@%+-]+$/.test(name) ? name : `'${name.replaceAll("'", String.raw`'\''`)}'`;
}
