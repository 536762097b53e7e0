/** Why a body did not come in whole. */
export type BodyFailure = 'broken' | 'slow' | 'too-large' | 'no-memory';

const messages: Readonly<Record<BodyFailure, string>> = {
  broken: 'The client closed the connection before the body was complete.',
  slow: 'The body came in too slowly.',
  'too-large': 'The body is larger than it may be.',
  'no-memory': 'The process has no memory for this body at the moment.',
};

/** A failure of the one who sends, or of the room there is for it: never a failure of what is done with the body. */
export class BodyError extends Error {
  readonly failure: BodyFailure;

  constructor(failure: BodyFailure, message = messages[failure]) {
    super(message);
    this.name = 'BodyError';
    this.failure = failure;
  }
}

export function isBodyError(error: unknown, failure?: BodyFailure): error is BodyError {
  return error instanceof BodyError && (failure === undefined || error.failure === failure);
}
