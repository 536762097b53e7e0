import type { Scope } from '#lib/domain';
import type { ChallengeError } from './challenge.js';

/** The credentials of a request do not do: answered with 401 and a challenge that names what would, never with 403. */
export class Refused extends Error {
  constructor(
    readonly scopes: readonly Scope[],
    readonly error?: ChallengeError,
  ) {
    super('authentication required');
    this.name = 'Refused';
  }
}
