import { randomUUID } from 'node:crypto';
import { type RoleName, roles } from '#lib/domain';
import { basic, bearer, type HttpClient, type Received } from '../../apps/data-plane/test/http-client.js';
import type { Installation, TestRegistry } from '../../apps/data-plane/test/installation.js';
import { methodsOf } from '../../apps/data-plane/src/edge/verbs.js';
import { operations } from '../../apps/data-plane/src/v2/operations.js';
import { forms } from './management-routes.js';

const acr = 'Microsoft.ContainerRegistry/registries';
export const repository = 'team/app';

/** What a caller may do with content. */
export type Right = 'pull' | 'push' | 'delete' | 'catalog';

/** What each verb needs, in the words of the roles; a verb that is not here fails the spec. Null: any good credentials. */
export const needs: Readonly<Record<string, Readonly<Record<string, Right | null>>>> = {
  base: { GET: null },
  catalog: { GET: 'catalog' },
  manifest: { GET: 'pull', PUT: 'push', DELETE: 'delete' },
  blob: { GET: 'pull', DELETE: 'delete' },
  uploads: { POST: 'push' },
  upload: { GET: 'push', PATCH: 'push', PUT: 'push', DELETE: 'push' },
  tags: { GET: 'pull' },
  referrers: { GET: 'pull' },
};

/** Actions of roles that give a right; with permissions by repository they are data actions. */
const actions: Readonly<Record<'registry' | 'repository', Readonly<Record<Right, readonly string[]>>>> = {
  registry: {
    pull: [`${acr}/pull/read`],
    push: [`${acr}/push/write`],
    delete: [`${acr}/artifacts/delete`],
    catalog: [`${acr}/catalog/read`, `${acr}/pull/read`],
  },
  repository: {
    pull: [`${acr}/repositories/content/read`],
    push: [`${acr}/repositories/content/write`],
    delete: [`${acr}/repositories/content/delete`],
    catalog: [`${acr}/catalog/read`],
  },
};

/** The rights a role gives, by the table of roles. A pattern counts if it means everything or exactly this: a Reader sees no content. */
export function rightsOf(role: RoleName, mode: 'registry' | 'repository'): ReadonlySet<Right> {
  const held: readonly string[] = mode === 'registry' ? roles[role].actions : roles[role].dataActions;
  const rights = Object.entries(actions[mode]) as [Right, readonly string[]][];
  return new Set(rights.filter(([, any]) => held.includes('*') || any.some((action) => held.includes(action))).map(([right]) => right));
}

/** Every verb on every kind of resource that the data plane has, as `kind method`. */
export const verbs: readonly string[] = [
  'base GET',
  'catalog GET',
  ...Object.entries(operations).flatMap(([kind, byVerb]) => Object.keys(byVerb).map((verb) => `${kind} ${verb}`)),
];

/** The image whose parts the requests name. */
interface Content {
  digest: string;
  layer: string;
}

/** One request of the matrix and the right it needs. */
interface Cell {
  title: string;
  method: string;
  host: string;
  path: string;
  right: Right | null;
}

/** What a caller presents in the head. */
export type Credentials = Readonly<Record<string, string>>;

/** How a registry is named: as host, or as first segment of the path. */
const styles = {
  'login server': ({ host }: TestRegistry) => ({ host, prefix: '' }),
  'path style': ({ name }: TestRegistry) => ({ host: 'localhost:5000', prefix: `${name}/` }),
} as const;
export type Style = keyof typeof styles;
export const everyStyle = Object.keys(styles) as Style[];

/** Every request of a registry in one style, in both forms of the target. What is allowed changes nothing that another one needs. */
export function cells(registry: TestRegistry, style: Style, { digest, layer }: Content): Cell[] {
  const { host, prefix } = styles[style](registry);
  const absent = `sha256:${'0'.repeat(64)}`;
  const paths: Record<string, (method: string) => string> = {
    base: () => '/v2/',
    catalog: () => `/v2/${prefix}_catalog`,
    manifest: (method) => `/v2/${prefix}${repository}/manifests/${method === 'DELETE' ? absent : digest}`,
    blob: (method) => `/v2/${prefix}${repository}/blobs/${method === 'DELETE' ? absent : layer}`,
    uploads: () => `/v2/${prefix}${repository}/blobs/uploads/`,
    upload: () => `/v2/${prefix}${repository}/blobs/uploads/${randomUUID()}`,
    tags: () => `/v2/${prefix}${repository}/tags/list`,
    referrers: () => `/v2/${prefix}${repository}/referrers/${digest}`,
  };
  return verbs.flatMap((verb) => {
    const [kind, plain] = verb.split(' ') as [string, string];
    return methodsOf([plain]).flatMap((method) =>
      Object.entries(forms).map(([form, write]) => ({
        title: `${kind} ${method}, ${style}, ${form}`,
        method,
        host,
        // The host of an absolute target counts, whatever Host says.
        path: write(paths[kind]!(method)).replace('any.example', host),
        right: needs[kind]![plain]!,
      })),
    );
  });
}

/** By path, `/v2/` is about no registry: it opens to every principal of the installation. */
export const isAboutRegistry = ({ title }: Cell): boolean => !/^base .* path style/.test(title);

/** The cells whose answer is not what these rights give. Null: credentials that are not good here at all. */
export async function wrongAnswers(
  client: HttpClient,
  all: readonly Cell[],
  credentials: Credentials,
  rights: ReadonlySet<Right> | null,
): Promise<string[]> {
  const answers = await Promise.all(
    all.map(({ method, host, path }) =>
      client.send({ method, path, headers: credentials, host: path.startsWith('/') ? host : 'other.example' }),
    ),
  );
  return all.flatMap(({ title, right }, at) => {
    const { status, body } = answers[at]!;
    const isOpen = rights !== null && (right === null || rights.has(right));
    const isRight = isOpen ? status !== 401 && status !== 403 && status < 500 : status === 401;
    return isRight ? [] : [`${title}: ${status} ${body.toString('utf8', 0, 80)} instead of ${isOpen ? 'an answer' : '401'}`];
  });
}

interface Principal {
  id: string;
  tenantId: string;
  clientId: string;
  secret: string;
}

const grants: Readonly<Record<string, Right>> = { pull: 'pull', push: 'push', delete: 'delete' };

/** Every way from the credentials of a principal to a token that opens a registry in one style: the answer of the token routes. */
export function tokenRequests(
  client: HttpClient,
  installation: Installation,
  registry: TestRegistry,
  style: Style,
  { id, tenantId, clientId, secret }: Principal,
): Record<string, () => Promise<Received>> {
  const { host, prefix } = styles[style](registry);
  const scopes = [`repository:${prefix}${repository}:pull,push,delete`, `registry:${prefix}catalog:*`];
  const post = (route: string, fields: Record<string, string>, write = (target: string) => target) =>
    client.postForm({ host, path: write(route).replace('any.example', host) }, fields);
  const refreshed = async (write: (target: string) => string): Promise<Received> => {
    const { token } = installation.principalTokens.issue({ id, clientId, tenantId }, 'https://containerregistry.azure.net');
    const exchanged = await post('/oauth2/exchange', { grant_type: 'access_token', access_token: token, service: host }, write);
    if (exchanged.status !== 200) return exchanged;
    const { refresh_token } = exchanged.json<{ refresh_token: string }>();
    return post('/oauth2/token', { grant_type: 'refresh_token', service: host, scope: scopes.join(' '), refresh_token }, write);
  };
  const query = new URLSearchParams([['service', host], ...scopes.map((scope): [string, string] => ['scope', scope])]);
  const fields = { grant_type: 'password', service: host, scope: scopes.join(' '), username: clientId, password: secret };
  return Object.fromEntries(
    Object.entries(forms).flatMap(([form, write]) => [
      [
        `GET /oauth2/token, ${form}`,
        () => client.send({ host, path: write(`/oauth2/token?${query}`).replace('any.example', host), headers: basic(clientId, secret) }),
      ],
      [`POST /oauth2/token, ${form}`, () => post('/oauth2/token', fields, write)],
      [`POST /oauth2/exchange, then /oauth2/token, ${form}`, () => refreshed(write)],
    ]),
  );
}

/** The rights that a token says it gives. */
export function granted(answer: Received): Right[] {
  if (answer.status !== 200) return [];
  const [, payload = ''] = answer.json<{ access_token: string }>().access_token.split('.');
  const { access } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { access: { type: string; actions: string[] }[] };
  return access
    .flatMap(({ type, actions: given }) =>
      type === 'registry' ? given.map(() => 'catalog' as const) : given.map((action) => grants[action]!),
    )
    .toSorted();
}

export const bearerOf = (answer: Received): Credentials => bearer(answer.json<{ access_token: string }>().access_token);
