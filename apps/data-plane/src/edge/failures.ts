import { Fault, type FaultCode, isFault } from '#lib/domain';
import { ociErrorBody, ociErrors, unsatisfiedRange } from '#lib/oci';
import { type BodyFailure, isBodyError, isDatabaseAway, isDatabaseFull } from '#lib/platform';
import { challengeHeader, unauthorizedBody } from '../auth/challenge.js';
import { Refused } from '../auth/refused.js';
import type { Call } from './call.js';
import { methodsOf } from './verbs.js';

const json = ['Content-Type', 'application/json; charset=utf-8'] as const;
const retryUnavailable = '5';

/** A fault with headers its answer must carry, such as the `Range` of an upload that was continued at the wrong place. */
export class FaultWithHeaders extends Error {
  constructor(
    readonly fault: Fault,
    readonly headers: readonly string[],
  ) {
    super(fault.message, { cause: fault });
    this.name = 'FaultWithHeaders';
  }
}

/** The answer to a method that the address does not have; `Allow` names those it has (RFC 9110, 15.5.6). */
export function methodNotAllowed(call: Call, verbs: readonly string[]): FaultWithHeaders {
  const allowed = methodsOf(verbs).join(', ');
  return new FaultWithHeaders(new Fault('MethodNotAllowed', `Method ${call.method} is not allowed here, only ${allowed}.`), [
    'Allow',
    allowed,
  ]);
}

/** Says what went wrong in the words of the protocol. @returns the error that has no name, if it was one: it is to be logged whole. */
export function answerFailure(call: Call, error: unknown): unknown {
  const { request, response } = call;
  if (response.destroyed || request.socket.destroyed) return undefined;
  if (response.headersSent) {
    // The client was promised a length: a cut connection is the only honest end.
    response.destroy();
    return isFault(error) ? undefined : error;
  }
  const extra = error instanceof FaultWithHeaders ? error.headers : [];
  const cause = error instanceof FaultWithHeaders ? error.fault : error;
  if (cause instanceof Refused || isFault(cause, 'InvalidToken') || isFault(cause, 'Unauthorized')) {
    answerRefused(call, cause instanceof Refused ? cause : new Refused([], 'invalid_token'));
    return undefined;
  }
  const fault = cause instanceof Fault ? cause : nameOf(cause);
  const { status } = ociErrors[fault.code];
  call.answer(status, [...json, ...extra, ...headersOf(fault)], `${JSON.stringify(ociErrorBody(fault))}\n`);
  return status === 500 ? cause : undefined;
}

const bodyFaults: Readonly<Record<BodyFailure, FaultCode>> = {
  broken: 'ClientGone',
  slow: 'RequestTimeout',
  'too-large': 'RequestTooLarge',
  'no-memory': 'ServiceUnavailable',
};

function nameOf(cause: unknown): Fault {
  if (isBodyError(cause)) return new Fault(bodyFaults[cause.failure], cause.message, { cause });
  if (isDatabaseFull(cause))
    return new Fault('ServiceUnavailable', 'The disk of the index is full: nothing can be written now. Its operator must make room.', {
      cause,
    });
  if (isDatabaseAway(cause))
    return new Fault('ServiceUnavailable', 'The index of this registry does not answer. Try again in a moment.', { cause });
  return new Fault('Internal', 'unknown error', { cause });
}

function answerRefused(call: Call, { scopes, error }: Refused): void {
  const challenge = call.site ? ['WWW-Authenticate', challengeHeader(call.site, scopes, error)] : [];
  call.answer(401, [...json, ...challenge], unauthorizedBody(scopes));
}

function headersOf(fault: Fault): string[] {
  const detail = (fault.detail ?? {}) as { retryAfterSeconds?: unknown; size?: unknown };
  switch (fault.code) {
    case 'TooManyRequests':
      return ['Retry-After', String(typeof detail.retryAfterSeconds === 'number' ? detail.retryAfterSeconds : 1)];
    case 'RequestTimeout':
      return ['Connection', 'close'];
    case 'ServiceUnavailable':
      return ['Retry-After', retryUnavailable];
    case 'RangeInvalid':
      return typeof detail.size === 'number' ? ['Content-Range', unsatisfiedRange(detail.size)] : [];
    default:
      return [];
  }
}
