import { randomUUID } from 'node:crypto';

/** A refusal of the token issuer, as Microsoft Entra words it: OAuth's `error` and the AADSTS number clients look at. */
export class EntraError extends Error {
  constructor(
    readonly status: number,
    readonly error:
      | 'invalid_request'
      | 'invalid_client'
      | 'invalid_resource'
      | 'invalid_scope'
      | 'unauthorized_client'
      | 'unsupported_grant_type'
      | 'temporarily_unavailable'
      | 'server_error',
    readonly code: number,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = 'EntraError';
  }
}

/** The body of a refusal. */
export interface EntraErrorBody {
  error: string;
  error_description: string;
  error_codes: number[];
  timestamp: string;
  trace_id: string;
  correlation_id: string;
}

export function entraErrorBody(error: EntraError, correlationId: string, now: Date = new Date()): EntraErrorBody {
  const traceId = randomUUID();
  const timestamp = `${now.toISOString().slice(0, 19).replace('T', ' ')}Z`;
  return {
    error: error.error,
    error_description: `AADSTS${error.code}: ${error.message} Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`,
    error_codes: [error.code],
    timestamp,
    trace_id: traceId,
    correlation_id: correlationId,
  };
}

/** A parameter the form must have. */
export function missingParameter(name: string): EntraError {
  return new EntraError(400, 'invalid_request', 900144, `The request body must contain the following parameter: '${name}'.`);
}

/** Nothing in this installation takes tokens for it. */
export function unknownAudience(audience: string, tenant: string): EntraError {
  return new EntraError(
    400,
    'invalid_resource',
    500011,
    `The resource principal named ${shown(audience)} was not found in the tenant named ${shown(tenant)}. Tokens are issued for the management API, for https://containerregistry.azure.net and for login servers.`,
  );
}

/** No such application, a wrong secret, a disabled principal: all the same to who asks (threat 27). */
export function wrongSecret(clientId: string): EntraError {
  return new EntraError(
    401,
    'invalid_client',
    7000215,
    `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${shown(clientId)}'.`,
  );
}

export function expiredSecret(clientId: string): EntraError {
  return new EntraError(
    401,
    'invalid_client',
    7000222,
    `The provided client secret keys for app '${shown(clientId)}' are expired. Create a new secret for the service principal and try again.`,
  );
}

/** A client assertion (RFC 7523) instead of a secret: applications here have neither certificates nor federated credentials. */
export function noAssertions(clientId: string): EntraError {
  return new EntraError(
    401,
    'invalid_client',
    700027,
    `The client assertion of app '${shown(clientId)}' is signed with a key that is not registered: this service knows no certificates and federated credentials of applications. Send the secret of the application as 'client_secret'.`,
  );
}

/** What a client sent, safe to say back: short, and nothing but printable ASCII without quotes. */
export function shown(text: string): string {
  return text.slice(0, 64).replaceAll(/[^ !#-&(-[\]-~]/g, '?');
}
