import { Fault, parseScope, type Scope } from '#lib/domain';
import { presentedCredentials } from '../auth/authorization-header.js';

/** What a client asks of `/oauth2/token`, whichever way it wrote it. */
export interface TokenRequest {
  /** By what the client proves who it is; `nobody` asks for an anonymous token. */
  proof: { kind: 'password'; user: string; password: string } | { kind: 'refreshToken'; token: string } | { kind: 'nobody' };
  service: string | null;
  scopes: Scope[];
  /** The client would like a refresh token as well. */
  offline: 'no' | 'basic' | 'oauth';
}

const mostScopes = 100;

/** `GET /oauth2/token?service=…&scope=…` with Basic, or with nothing (distribution token spec). */
export function readGetRequest(query: URLSearchParams, authorization: string | undefined): TokenRequest {
  return {
    proof: basicProof(authorization),
    service: query.get('service'),
    scopes: readScopes(query.getAll('scope')),
    offline: query.get('offline_token') === 'true' ? 'basic' : 'no',
  };
}

/** `POST /oauth2/token` with a form (distribution OAuth 2 spec; the Azure SDK and Azure CLI). */
export function readPostRequest(form: URLSearchParams, authorization: string | undefined): TokenRequest {
  return {
    proof: formProof(form, authorization),
    service: form.get('service'),
    scopes: readScopes(form.getAll('scope')),
    offline: form.get('access_type') === 'offline' ? 'oauth' : 'no',
  };
}

function formProof(form: URLSearchParams, authorization: string | undefined): TokenRequest['proof'] {
  switch (form.get('grant_type')) {
    case 'refresh_token':
      return { kind: 'refreshToken', token: form.get('refresh_token') ?? '' };
    case 'password': {
      const [user, password] = [form.get('username') ?? '', form.get('password') ?? ''];
      // The Azure SDK asks for an anonymous token with this grant, no user and an empty refresh token.
      return user === '' && password === '' ? basicProof(authorization) : { kind: 'password', user, password };
    }
    case null:
      throw new Fault('InvalidRequestContent', 'The form must hold grant_type: password or refresh_token.');
    default:
      throw new Fault('InvalidRequestContent', 'The grant_type must be password or refresh_token.');
  }
}

function basicProof(authorization: string | undefined): TokenRequest['proof'] {
  const presented = presentedCredentials(authorization);
  switch (presented.kind) {
    case 'none':
      return { kind: 'nobody' };
    case 'basic':
      return { kind: 'password', user: presented.user, password: presented.password };
    default:
      // Something was presented that is no proof here: not the same as nothing, which might be granted anonymous pull.
      return { kind: 'password', user: '', password: '' };
  }
}

/** Scopes may be repeated and may be several in one value, parted by blanks; their order is kept. */
function readScopes(values: readonly string[]): Scope[] {
  const texts = values.flatMap((value) => value.split(' ')).filter(Boolean);
  if (texts.length > mostScopes) throw new Fault('InvalidParameter', `At most ${mostScopes} scopes can be asked for at once.`);
  return texts.map((text) => {
    const scope = parseScope(text);
    if (!scope) throw new Fault('InvalidParameter', 'A scope is written type:name:action,action, such as repository:app:pull,push.');
    return scope;
  });
}
