/**
 * The operation a reply announces, so that the client can follow it. `state` and `result` are paths of collections without a
 * trailing slash: the reply writer adds the host, the operation's name and the request's api-version.
 */
export interface OperationLink {
  /** The operation's public name, e.g. `registries-6f9619ff-8b86-d011-b42d-00c04fc964ff`. */
  name: string;
  /** Where its state is asked for, sent as `Azure-AsyncOperation`. */
  state?: string;
  /** Where its end is waited for, sent as `Location`. */
  result?: string;
}

/** What a verb answers: rendered by one interceptor at the edge, so that controllers stay free of HTTP. */
export interface ArmReply<T = unknown> {
  readonly armReply: true;
  readonly status: 200 | 201 | 202 | 204;
  readonly body?: T;
  /** Opaque version of the body, sent as `ETag`. */
  readonly etag?: string;
  /** A long-running operation still under way. */
  readonly operation?: OperationLink;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What `ok`, `created` and `accepted` may carry besides a body. */
export type ReplyOptions = Pick<ArmReply, 'etag' | 'operation' | 'headers'>;

/** 200: it is so. With `operation`: it is becoming so. */
export const ok = <T>(body: T, options: ReplyOptions = {}): ArmReply<T> => ({ armReply: true, status: 200, body, ...options });

/** 201: it is new. */
export const created = <T>(body: T, options: ReplyOptions = {}): ArmReply<T> => ({ armReply: true, status: 201, body, ...options });

/** 202: it will be so; follow `operation`. */
export const accepted = <T = undefined>(options: ReplyOptions & { body?: T } = {}): ArmReply<T> => ({
  armReply: true,
  status: 202,
  ...options,
});

/** 204: it is gone, or was never there. */
export const noContent = (options: ReplyOptions = {}): ArmReply<undefined> => ({ armReply: true, status: 204, ...options });

/** Whether a handler's return value is an `ArmReply` (anything else is sent as it is). */
export function isArmReply(value: unknown): value is ArmReply {
  return typeof value === 'object' && value !== null && (value as { armReply?: unknown }).armReply === true;
}
