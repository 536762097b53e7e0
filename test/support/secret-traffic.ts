import { randomBytes, randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import type { Canaries } from './canaries.js';
import type { Management } from './management.js';
import { managementOf, type ServiceFacts } from './service-process.js';
import { call, type Answer } from './wire.js';

const form = 'application/x-www-form-urlencoded';
const nullUser = '00000000-0000-0000-0000-000000000000';

/** What a service answered to a request that gives it a secret in a wrong way. */
export interface Refusal {
  readonly what: string;
  readonly text: string;
}

/** Everything that takes or gives a secret, used rightly and wrongly on a service; what it gave is known to `canaries`. */
export class SecretTraffic {
  readonly refusals: Refusal[] = [];
  readonly management: Management;
  readonly group = `canary-${randomBytes(4).toString('hex')}`;
  readonly name = `canary${randomBytes(4).toString('hex')}`;
  #client: { id: string; clientId: string; secret: string } = { id: '', clientId: '', secret: '' };
  #password = '';

  constructor(
    readonly service: ServiceFacts,
    readonly canaries: Canaries,
  ) {
    this.management = managementOf(service);
  }

  /** Gets the secrets that the service makes, and uses each as it is meant to be used. */
  async right(): Promise<void> {
    const { management, canaries, group, name } = this;
    canaries.add('bearer token of the first principal', await management.token());
    await management.createRegistry(group, name);
    const registry = management.registryPath(group, name);
    for (const which of ['password', 'password2']) {
      const answer = await management.send('POST', `${registry}/regenerateCredential`, { name: which });
      for (const one of answer.json<{ passwords: { name: string; value: string }[] }>().passwords)
        canaries.add(`admin ${one.name} after ${which}`, one.value);
    }
    this.#password = await management.adminPassword(group, name);
    const made = await management.send('POST', '/regatta/v1/servicePrincipals', {
      displayName: 'canary',
      subscriptionId: management.credentials.subscriptionId,
    });
    const { id, clientId, secret } = made.json<{ id: string; clientId: string; secret: { value: string } }>();
    this.#client = { id, clientId, secret: canaries.add('secret of a service principal', secret.value) };
    const second = await management.send('POST', `/regatta/v1/servicePrincipals/${id}/secrets`, { displayName: 'second' });
    canaries.add('second secret of a service principal', second.json<{ value: string }>().value);
    await this.#signIns();
    await this.#logIns();
  }

  /** Puts made-up secrets where secrets go, and good ones where they do not. */
  async wrong(): Promise<void> {
    await this.#wrongAtTheIssuer();
    await this.#wrongAtTheManagementApi();
    await this.#wrongAtTheRegistry();
  }

  /** What somebody without any role is told about it all. */
  async stranger(): Promise<string[]> {
    const { management, group, name } = this;
    const token = await this.#issue('oauth2/v2.0/token', { client_secret: this.#client.secret });
    const registry = management.registryPath(group, name);
    const paths = [registry, `${registry}/listCredentials`, `${registry}/regenerateCredential`, `/regatta/v1/servicePrincipals`];
    const answers = paths.flatMap((path) =>
      ['GET', 'POST'].map((method) => this.#send(method, `${path}?api-version=2025-11-01`, { authorization: `Bearer ${token}` })),
    );
    const read = ['', '?api-version=2025-11-01'].map((query) => management.send('GET', `${registry}${query}`));
    const secrets = management.send('GET', `/regatta/v1/servicePrincipals/${this.#client.id}/secrets`);
    return (await Promise.all([...answers, ...read, secrets])).map(({ body }) => body.toString('utf8'));
  }

  remove(): Promise<void> {
    return this.management.deleteRegistry(this.group, this.name);
  }

  async #signIns(): Promise<void> {
    const { clientId, secret } = this.#client;
    for (const path of ['oauth2/v2.0/token', 'oauth2/token'])
      this.canaries.add(`bearer token of ${path}`, await this.#issue(path, { client_secret: secret }));
    const basic = `Basic ${Buffer.from(`${clientId}:${encodeURIComponent(secret)}`).toString('base64')}`;
    this.canaries.add('bearer token by Basic', await this.#issue('oauth2/v2.0/token', {}, { authorization: basic }));
  }

  async #logIns(): Promise<void> {
    const basic = `Basic ${Buffer.from(`${this.name}:${this.#password}`).toString('base64')}`;
    const access = await this.#registry('GET', '/oauth2/token?scope=repository:app:pull,push', { authorization: basic });
    const token = this.canaries.add('access token of the registry', access.json<{ access_token: string }>().access_token);
    await this.#registry('GET', '/v2/app/tags/list', { authorization: `Bearer ${token}` });
    await this.#registry('GET', '/v2/app/tags/list', { authorization: basic });
    const body = new URLSearchParams({ grant_type: 'password', username: this.name, password: this.#password, access_type: 'offline' });
    const granted = (await this.#registry('POST', '/oauth2/token', { 'content-type': form }, body.toString())).json<{
      refresh_token: string;
    }>();
    const refresh = this.canaries.add('refresh token of the registry', granted.refresh_token);
    const renewal = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refresh }).toString();
    await this.#registry('POST', '/oauth2/token', { 'content-type': form }, renewal);
    await this.#registry('GET', '/v2/app/tags/list', {
      authorization: `Basic ${Buffer.from(`${nullUser}:${refresh}`).toString('base64')}`,
    });
    const arm = await this.management.token();
    const exchange = new URLSearchParams({ grant_type: 'access_token', service: this.#host(), access_token: arm }).toString();
    const exchanged = await this.#registry('POST', '/oauth2/exchange', { 'content-type': form }, exchange);
    this.canaries.add('exchanged refresh token', exchanged.json<{ refresh_token: string }>().refresh_token);
  }

  async #wrongAtTheIssuer(): Promise<void> {
    const { clientId, secret } = this.#client;
    const { tenantId } = this.management.credentials;
    const path = `/${tenantId}/oauth2/v2.0/token`;
    const scope = `${this.service.managementUrl}/.default`;
    const good = { grant_type: 'client_credentials', client_id: clientId, client_secret: secret, scope };
    const made = this.canaries.make('wrong client_secret');
    const wrong = { ...good, client_id: randomUUID(), client_secret: made };
    const bodies: Record<string, [string, string]> = {
      'unknown client': [form, `${new URLSearchParams(wrong)}`],
      'wrong secret': [form, `${new URLSearchParams({ ...good, client_secret: this.canaries.make('wrong secret of a client') })}`],
      'twice a secret': [form, `${new URLSearchParams(wrong)}&client_secret=${encodeURIComponent(made)}`],
      'a long secret': [form, `${new URLSearchParams({ ...wrong, client_secret: made.repeat(80) })}`],
      'no grant': [form, `client_secret=${encodeURIComponent(made)}`],
      'password grant': [form, `${new URLSearchParams({ ...good, grant_type: 'password', username: 'x', password: made })}`],
      'an assertion': [form, `${new URLSearchParams({ ...wrong, client_secret: '', client_assertion: made })}`],
      'no encoding': [form, `client_secret=${made}&grant_type=%ZZ&`],
      'another audience': [form, `${new URLSearchParams({ ...good, scope: 'https://example.com/.default' })}`],
      JSON: ['application/json', JSON.stringify(good)],
      'broken JSON': ['application/json', `{"client_secret": ${made}`],
      text: ['text/plain', `${made}`],
      multipart: ['multipart/form-data; boundary=x', `--x\r\ncontent-disposition: form-data; name="client_secret"\r\n\r\n${made}\r\n--x--`],
    };
    for (const [what, [type, body]] of Object.entries(bodies))
      this.#refused(`issuer, ${what}`, await this.#send('POST', path, { 'content-type': type }, body));
    const query = `?client_secret=${encodeURIComponent(made)}&access_token=${encodeURIComponent(secret)}`;
    this.#refused('issuer, in the query', await this.#send('POST', `${path}${query}`, { 'content-type': form }, ''));
    this.#refused('issuer, unknown path and a query', await this.#send('GET', `/nothing/here${query}`));
    for (const authorization of this.#odd(made))
      this.#refused('issuer, odd Authorization', await this.#send('POST', path, { 'content-type': form, authorization }, ''));
  }

  async #wrongAtTheManagementApi(): Promise<void> {
    const { management, group, name, canaries } = this;
    const made = canaries.make('wrong bearer');
    const token = await management.token();
    const list = `/subscriptions?api-version=2022-12-01`;
    for (const authorization of [...this.#odd(made), `Bearer ${token}x`, `Bearer ${token} ${token}`])
      this.#refused('management, odd Authorization', await this.#send('GET', list, { authorization }));
    const bearer = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const aside = { ...bearer, cookie: `session=${encodeURIComponent(made)}`, 'x-ms-authorization-auxiliary': `Bearer ${token}` };
    this.#refused('management, tokens aside', await this.#send('GET', `${list}&access_token=${token}`, aside));
    this.#refused('management, a token in the query', await this.#send('GET', `/subscriptions?access_token=${token}`));
    const target = canaries.plain('secret in a target');
    for (const text of this.#targets(target, `${list}&x=`)) await this.#raw(this.service.managementHttpPort, text);
    const registry = management.registryPath(group, name);
    const secret = canaries.make('secret in a body');
    const bodies = [
      { name: secret },
      { name: 'password3', value: secret },
      { passwords: [{ name: 'password', value: secret }] },
      { location: 'eastus', sku: { name: secret }, properties: { adminUserEnabled: secret, adminPassword: secret } },
      { properties: { encryption: { keyVaultProperties: { keyIdentifier: secret } } } },
      { displayName: 'x', secret, password: secret },
    ].map((body) => JSON.stringify(body));
    // What a parser of JSON says of a body names parts of it.
    bodies.push(
      `{"password": ${secret}}`,
      `{"password":"${canaries.plain('in broken JSON')}" "x"`,
      canaries.plain('bare body'),
      `"${secret}`,
    );
    const paths = [`POST ${registry}/regenerateCredential`, `PATCH ${registry}`, 'POST /regatta/v1/servicePrincipals', `PUT ${registry}x`];
    for (const path of [...paths, `POST /regatta/v1/servicePrincipals/${this.#client.id}/secrets`]) {
      const [method, where] = path.split(' ') as [string, string];
      for (const body of bodies)
        this.#refused(`${path} ${body}`, await this.#send(method, `${where}?api-version=2025-11-01`, bearer, body));
    }
  }

  async #wrongAtTheRegistry(): Promise<void> {
    const { canaries, name } = this;
    const made = canaries.make('wrong password');
    const good = this.#password;
    const swapped = `Basic ${Buffer.from(`${good}:${name}`).toString('base64')}`;
    for (const authorization of [...this.#odd(made), swapped]) {
      for (const path of ['/v2/', '/v2/app/tags/list', '/oauth2/token?scope=repository:app:pull'])
        this.#refused(`registry, odd Authorization at ${path}`, await this.#registry('GET', path, { authorization }));
    }
    const word = encodeURIComponent(made);
    const forms = [
      `grant_type=password&username=${name}&password=${word}`,
      `grant_type=password&username=${encodeURIComponent(good)}&password=${name}`,
      `grant_type=refresh_token&refresh_token=${word}`,
      `grant_type=${word}&password=${word}`,
      `grant_type=password&username=${name}&password=${good}&service=${word}&scope=${word}`,
      `grant_type=access_token&access_token=${word}`,
      `{"grant_type":"password","password":"${good}"`,
    ];
    for (const body of forms) {
      for (const path of ['/oauth2/token', '/oauth2/exchange', `/oauth2/token?password=${good}`]) {
        for (const type of [form, 'application/json'])
          this.#refused(`registry, ${path} ${body}`, await this.#registry('POST', path, { 'content-type': type }, body));
      }
    }
    this.#refused('registry, scope', await this.#registry('GET', `/oauth2/token?scope=${word}&service=${word}&account=${word}`));
    const target = canaries.plain('secret in a target of a registry');
    for (const text of this.#targets(target, '/v2/app/tags/list?x=')) await this.#raw(this.service.regions.eastus.http, text);
    const manifest = `{"password": ${canaries.plain('in a broken manifest')}`;
    const authorization = `Basic ${Buffer.from(`${name}:${good}`).toString('base64')}`;
    this.#refused('registry, manifest', await this.#registry('PUT', '/v2/app/manifests/x', { authorization }, manifest));
  }

  /** Targets that hold a secret where it is not part of a name. */
  #targets(secret: string, path: string): string[] {
    return [
      `${path}${secret}`,
      `/subscriptions#access_token=${secret}`,
      `/nothing?sig=${secret}#token=${secret}`,
      `/subscriptions%3Faccess_token=${secret}`,
      `/subscriptions%23access_token=${secret}`,
      `http://user:${secret}@${this.#host()}${path}`,
      `http://user:${secret}@${this.#host()}/nothing#${secret}`,
      `//user:${secret}@localhost/subscriptions`,
      `/subscriptions;access_token=${secret}`,
      `/%zz?${secret}`,
    ];
  }

  /** Authorization headers nothing is let in by. */
  #odd(secret: string): string[] {
    const word = encodeURIComponent(secret);
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    return [
      `Basic ${base64(`${this.name}:${secret}`)}`,
      `Basic ${base64(`${secret}:`)}`,
      `Basic ${base64(secret)}`,
      `Basic ${word}`,
      `Bearer ${word}`,
      `Bearer ${base64('{"alg":"ES256"}')}.${base64(JSON.stringify({ secret }))}.${base64(secret)}`,
      `Bearer: ${word}`,
      `SharedKey ${this.name}:${word}`,
      word,
    ];
  }

  async #issue(path: string, more: Record<string, string>, headers: Record<string, string> = {}): Promise<string> {
    const { tenantId } = this.management.credentials;
    const body = new URLSearchParams({ grant_type: 'client_credentials', ...more });
    if (!headers['authorization']) body.set('client_id', this.#client.clientId);
    if (path.includes('v2.0')) body.set('scope', `${this.service.managementUrl}/.default`);
    else body.set('resource', this.service.managementUrl);
    const answer = await this.#send('POST', `/${tenantId}/${path}`, { 'content-type': form, ...headers }, body.toString());
    return answer.json<{ access_token: string }>().access_token;
  }

  #send(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
    return call(`http://127.0.0.1:${this.service.managementHttpPort}${path}`, { method, headers, ...(body !== undefined && { body }) });
  }

  #registry(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
    const port = this.service.regions.eastus.http;
    return call(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { host: this.#host(), ...headers },
      ...(body !== undefined && { body }),
    });
  }

  #host(): string {
    return `${this.name}.${this.service.loginServerSuffix}`;
  }

  /** A target as it is, with what no client library would send. */
  async #raw(port: number, target: string): Promise<void> {
    const text = await new Promise<string>((resolve) => {
      let answer = '';
      const socket = connect(port, '127.0.0.1');
      socket.on('data', (bytes) => (answer += bytes.toString('latin1')));
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(answer));
      socket.write(`GET ${target} HTTP/1.1\r\nhost: ${this.#host()}\r\nconnection: close\r\n\r\n`);
    });
    this.refusals.push({ what: `port ${port}, ${target}`, text });
  }

  #refused(what: string, { status, body, headers }: Answer): void {
    this.refusals.push({ what, text: `${status} ${JSON.stringify(headers)} ${body.toString('utf8')}` });
  }
}
