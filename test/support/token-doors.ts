import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { SecretBox } from '#lib/platform';
import { basic, bearer } from '../../apps/data-plane/test/http-client.js';
import { Pusher } from '../../apps/data-plane/test/images.js';
import { Installation, type TestRegistry } from '../../apps/data-plane/test/installation.js';
import { TestManagement } from '../../apps/management-api/src/testing/test-management.js';

/** The user name under which a token is a password. */
const nullUser = '00000000-0000-0000-0000-000000000000';
export type Claims = Record<string, unknown>;

/** Signs whatever it is told to with the key of an installation. */
export class Forge {
  private constructor(
    readonly kid: string,
    readonly key: KeyObject,
  ) {}

  static async of(dataSource: DataSource, secretKey: string): Promise<Forge> {
    const [row] = await dataSource.query<{ kid: string; sealed_private_key: string }[]>(
      'SELECT kid, sealed_private_key FROM identity.signing_keys',
    );
    return new Forge(row!.kid, createPrivateKey(new SecretBox(secretKey).open(row!.sealed_private_key)));
  }

  token(claims: Claims, { header = {}, key = this.key }: { header?: Claims; key?: KeyObject } = {}): string {
    const input = `${segment({ alg: 'ES256', typ: 'JWT', kid: this.kid, ...header })}.${segment(claims)}`;
    return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  }
}

/** One place that takes tokens: a token that is good there, and what the answer to another one is. */
export interface TokenDoor {
  readonly title: string;
  readonly kind: 'access' | 'refresh' | 'principal';
  readonly forge: Forge;
  /** The claims of a token that is good here, made now. */
  claims(): Claims;
  status(token: string): Promise<number>;
}

/** Every place of both planes that takes a token. The registry takes none that was signed in for the management API. */
export class TokenDoors {
  private constructor(
    readonly doors: readonly TokenDoor[],
    private readonly installation: Installation,
    private readonly management: TestManagement,
  ) {}

  static async open(): Promise<TokenDoors> {
    const installation = await Installation.create();
    const management = await TestManagement.start();
    const registry = await installation.registry('tokendoors');
    const policies = { ...registry.row.settings.policies, azureADAuthenticationAsArmPolicy: { status: 'disabled' as const } };
    await installation.change(registry, { settings: { ...registry.row.settings, policies } });
    const doors = [...(await ofRegistry(installation, registry)), await ofManagement(management)];
    return new TokenDoors(doors, installation, management);
  }

  async close(): Promise<void> {
    await this.management.stop();
    await this.installation.destroy();
  }
}

async function ofRegistry(installation: Installation, registry: TestRegistry): Promise<TokenDoor[]> {
  const forge = await Forge.of(installation.database.dataSource, installation.secretKey);
  const { https } = await installation.start();
  const { host } = registry;
  await new Pusher(https, registry).image('app', 'one');
  const principal = await installation.principal(['AcrPull', registry]);
  const read = async (headers: Record<string, string>) => (await https.send({ host, path: '/v2/app/tags/list', headers })).status;
  const post = (path: string, form: Record<string, string>) => https.postForm({ host, path }, form);
  const exchange = (token: string) => post('/oauth2/exchange', { grant_type: 'access_token', access_token: token });
  const scope = 'repository:app:pull';
  const renew = (token: string) => post('/oauth2/token', { grant_type: 'refresh_token', scope, refresh_token: token });

  const entra = installation.principalTokens.issue(principal, 'https://containerregistry.azure.net').token;
  const refresh = (await exchange(entra)).json<{ refresh_token: string }>().refresh_token;
  const access = (await renew(refresh)).json<{ access_token: string }>().access_token;
  return [
    { title: 'a registry, as bearer', kind: 'access', token: access, status: (token: string) => read(bearer(token)) },
    { title: 'a registry, as password', kind: 'access', token: access, status: (token: string) => read(basic(nullUser, token)) },
    { title: 'a registry, as password', kind: 'refresh', token: refresh, status: (token: string) => read(basic(nullUser, token)) },
    { title: 'the token service', kind: 'refresh', token: refresh, status: async (token: string) => (await renew(token)).status },
    { title: 'the exchange', kind: 'principal', token: entra, status: async (token: string) => (await exchange(token)).status },
  ].map(({ token, ...door }) => ({ ...door, forge, claims: () => claimsOf(token) }) as TokenDoor);
}

async function ofManagement(management: TestManagement): Promise<TokenDoor> {
  return {
    title: 'the management API',
    kind: 'principal',
    forge: await Forge.of(management.db.dataSource, management.config.REGATTA_SECRET_KEY),
    claims: () => claimsOf(management.owner.token),
    status: async (token) => {
      const headers = { authorization: `Bearer ${token}` };
      const answer = await fetch(`${management.baseUrl}/subscriptions?api-version=2022-12-01`, { headers });
      await answer.arrayBuffer();
      return answer.status;
    },
  };
}

export function claimsOf(token: string): Claims {
  return JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Claims;
}

export function segment(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}
