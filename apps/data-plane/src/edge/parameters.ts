import { Fault } from '#lib/domain';

/**
 * The parameters of a query or a form. No name, digest, type or password of ours has control characters; Postgres does not take
 * them all, and headers take none of them.
 * @throws Fault `InvalidParameter`
 */
export function readParameters(text: string): URLSearchParams {
  const parameters = new URLSearchParams(text);
  for (const [name, value] of parameters) {
    if (/\p{Cc}/u.test(name) || /\p{Cc}/u.test(value)) throw new Fault('InvalidParameter', 'Parameters cannot hold control characters.');
  }
  return parameters;
}
