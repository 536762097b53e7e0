import { EntraError, missingParameter, noAssertions, shown } from './entra-error.js';

/** A client-credentials request, read and complete; nothing of it is verified. */
export interface TokenRequest {
  clientId: string;
  clientSecret: string;
  /** Whom the token is for: the scope without `/.default`, or the `resource` of the older form. */
  audience: string;
}

/** Which of the two OAuth endpoints is asked: v2 takes `scope`, v1 takes `resource` (and `/adfs` either). */
export type TokenDialect = 'v1' | 'v2' | 'adfs';

const defaultScope = '/.default';
const maxLength = 2048;

/** Reads the form and the `Authorization` header (RFC 6749 2.3.1 allows either for the client's name and secret, not both). */
export function readTokenRequest(body: unknown, authorization: string | undefined, dialect: TokenDialect): TokenRequest {
  const form = readForm(body);
  const grant = form.get('grant_type') ?? fail(missingParameter('grant_type'));
  if (grant !== 'client_credentials') {
    throw new EntraError(
      400,
      'unsupported_grant_type',
      70003,
      `The app requested an unsupported grant type '${shown(grant)}'. This service issues tokens for client_credentials.`,
    );
  }
  const { clientId, clientSecret } = readClient(form, authorization);
  return { clientId, clientSecret, audience: readAudience(form, dialect) };
}

function readForm(body: unknown): ReadonlyMap<string, string> {
  const pairs =
    typeof body === 'string' || Buffer.isBuffer(body)
      ? [...new URLSearchParams(body.toString())]
      : Object.entries((body ?? {}) as Record<string, unknown>).flatMap(([name, value]) =>
          Array.isArray(value) ? value.map((one): [string, unknown] => [name, one]) : [[name, value] as [string, unknown]],
        );
  const form = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (typeof value !== 'string') throw badForm(`The parameter '${shown(name)}' is not a text.`);
    if (value.length > maxLength && name !== 'client_assertion') throw badForm(`The parameter '${shown(name)}' is too long.`);
    if (form.has(name)) throw new EntraError(400, 'invalid_request', 9000411, `The parameter '${shown(name)}' is duplicated.`);
    if (value !== '') form.set(name, value); // RFC 6749 3.2: a parameter without a value counts as omitted.
  }
  return form;
}

function readClient(form: ReadonlyMap<string, string>, authorization: string | undefined): { clientId: string; clientSecret: string } {
  const basic = authorization === undefined ? null : readBasic(authorization);
  const posted = form.get('client_secret');
  if (basic && posted !== undefined) throw badForm('The client authenticates by header and by form at once. Use one of them.');
  if (basic) {
    const named = form.get('client_id');
    if (named !== undefined && named.toLowerCase() !== basic.clientId.toLowerCase()) {
      throw badForm("The client of the 'Authorization' header is not the client of the form.");
    }
    return basic;
  }
  const clientId = form.get('client_id') ?? fail(missingParameter('client_id'));
  if (form.has('client_assertion')) throw noAssertions(clientId);
  if (posted === undefined) {
    throw new EntraError(
      401,
      'invalid_client',
      7000218,
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    );
  }
  return { clientId, clientSecret: posted };
}

/** HTTP Basic whose two halves are form-encoded (RFC 6749 2.3.1); null for any other scheme. */
function readBasic(authorization: string): { clientId: string; clientSecret: string } | null {
  const [, encoded] = /^basic +([A-Za-z0-9+/=_-]+)$/i.exec(authorization) ?? [];
  if (encoded === undefined) return null;
  const [clientId, ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  if (!clientId || rest.length === 0) throw badForm("The 'Authorization' header holds no client and secret.");
  return { clientId: formDecode(clientId), clientSecret: formDecode(rest.join(':')) };
}

/** Decodes a half; one that was not encoded (many clients do not) stays as it is. */
function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

function readAudience(form: ReadonlyMap<string, string>, dialect: TokenDialect): string {
  const resource = form.get('resource');
  if (resource !== undefined && dialect !== 'v2') return checkedAudience(resource, resource);
  const scope = form.get('scope') ?? fail(missingParameter(dialect === 'v1' ? 'resource' : 'scope'));
  // az on `/adfs` adds OpenID scopes; whom the token is for is said by the one that ends in `/.default`.
  const wanted = scope.split(' ').filter((one) => one !== '' && !openIdScopes.has(one));
  const [only] = wanted;
  if (only === undefined || wanted.length > 1 || !only.endsWith(defaultScope)) {
    throw new EntraError(
      400,
      'invalid_scope',
      1002012,
      `The provided value for scope ${shown(scope)} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`,
    );
  }
  return checkedAudience(only.slice(0, -defaultScope.length), scope);
}

const openIdScopes = new Set(['openid', 'profile', 'offline_access']);
const uri = /^[a-z][a-z0-9+.-]*:[\x21\x23-\x5b\x5d-\x7e]+$/i;
const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function checkedAudience(audience: string, given: string): string {
  if (uri.test(audience) || guid.test(audience)) return audience;
  throw new EntraError(
    400,
    'invalid_request',
    500011,
    `The resource principal named ${shown(given)} is not a URI or an application id. Name the service the token is for, such as its https address.`,
  );
}

function badForm(message: string): EntraError {
  return new EntraError(400, 'invalid_request', 900144, message);
}

function fail(error: EntraError): never {
  throw error;
}
