import { beforeAll, describe, expect, it } from 'vitest';
import { caOf, managementOf, type ServiceFacts } from '../support/service-process.js';
import { sharedService } from '../support/shared-service.js';
import { call, type Answer } from '../support/wire.js';

const script = '<script>alert(1)</script>';
const evil = 'https://evil.example';

let service: ServiceFacts;
let data: string;
let ask: (url: string, options?: { method?: string; headers?: Record<string, string>; body?: string }) => Promise<Answer>;

beforeAll(async () => {
  service = await sharedService();
  data = `https://localhost:${service.regions.eastus.https}`;
  ask = (url, options = {}) => call(url, { method: 'GET', ca: caOf(service), ...options });
});

/** Addresses of both planes whose answers repeat something of the request. */
const reflecting = (): string[] => {
  const text = encodeURIComponent(script);
  const { managementUrl: management } = service;
  return [
    `${management}/${text}`,
    `${management}/subscriptions/${text}?api-version=2022-12-01`,
    `${management}/subscriptions?api-version=${text}`,
    `${management}/${text}/v2.0/.well-known/openid-configuration`,
    `${management}/common/discovery/instance?authorization_endpoint=${text}`,
    `${management}/docs/${text}`,
    `${data}/${text}`,
    `${data}/v2/${text}/tags/list`,
    `${data}/v2/app/tags/list?n=${text}`,
    `${data}/oauth2/token?service=${text}&scope=${text}`,
  ];
};

describe('A browser', () => {
  it('is never given HTML that holds something of the request', async () => {
    for (const url of reflecting()) {
      const { headers, body } = await ask(url);
      expect([url, String(headers['content-type'] ?? 'application/json')]).toEqual([url, expect.stringMatching(/^application\/json\b/)]);
      expect([url, body.toString().startsWith('<')]).toEqual([url, false]);
    }
  });

  it('is never sent to another host', async () => {
    const targets = [
      '//evil.example',
      String.raw`/\evil.example`,
      '/%5cevil.example',
      '/docs//evil.example',
      '/docs/..//evil.example/',
      '/v2//evil.example/',
    ];
    for (const base of [service.managementUrl, data]) {
      for (const target of [...targets, `/?callback=${evil}`, `/docs?url=${evil}&configUrl=${evil}`, `/v2/?redirect_uri=${evil}`]) {
        const { status, headers } = await ask(base + target, { headers: { origin: evil, referer: `${evil}/` } });
        const location = headers['location'];
        expect([target, status, location]).toEqual([target, status, undefined]);
      }
    }
  });

  it('lets no page of another origin read an answer, and sends nobody a cookie', async () => {
    const token = await managementOf(service).token();
    for (const url of [
      `${service.managementUrl}/subscriptions?api-version=2022-12-01`,
      `${service.managementUrl}/openapi.json`,
      `${service.managementUrl}/docs`,
      `${data}/v2/`,
      `${data}/oauth2/token`,
    ]) {
      for (const method of ['GET', 'OPTIONS']) {
        const headers = { origin: evil, 'access-control-request-method': 'PUT', authorization: `Bearer ${token}` };
        const { headers: answered } = await ask(url, { method, headers });
        expect([method, url, answered['access-control-allow-origin'], answered['access-control-allow-credentials']]).toEqual([
          method,
          url,
          undefined,
          undefined,
        ]);
        expect([method, url, answered['set-cookie']]).toEqual([method, url, undefined]);
      }
    }
  });

  it('changes nothing by a form of another page: only a header carries who is asking', async () => {
    const { managementUrl, subscription } = { ...service, subscription: managementOf(service).subscription };
    const token = await managementOf(service).token();
    const target = `${managementUrl}/regatta/v1/servicePrincipals`;
    const forms = ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain'];
    for (const type of forms) {
      const body = JSON.stringify({ subscriptionId: subscription.split('/')[2], displayName: 'forged' });
      const headers = { 'content-type': type, origin: evil, cookie: `access_token=${token}` };
      expect([type, (await ask(target, { method: 'POST', headers, body })).status]).toEqual([type, 401]);
      const { status } = await ask(`${target}?access_token=${token}`, { method: 'POST', headers, body });
      expect([type, status]).toEqual([type, 401]);
      const known = await ask(target, { method: 'POST', headers: { ...headers, authorization: `Bearer ${token}` }, body });
      expect([type, known.status]).toEqual([type, expect.toBeOneOf([400, 415])]);
    }
  });

  it('runs on the documentation only what this host serves, and in no frame', async () => {
    for (const page of ['/docs', '/docs/', '/docs/start.js', `/docs?url=${evil}/x.json&configUrl=${evil}/y.json`]) {
      const { headers } = await ask(service.managementUrl + page);
      const policy = String(headers['content-security-policy']);
      expect([page, policy]).toEqual([page, expect.stringContaining("default-src 'none'")]);
      expect([page, policy]).toEqual([page, expect.stringContaining("frame-ancestors 'none'")]);
      expect([page, policy]).toEqual([page, expect.not.stringMatching(/unsafe|\*|https?:/)]);
      expect([page, headers['x-frame-options'], headers['referrer-policy']]).toEqual([page, 'DENY', 'no-referrer']);
    }
    // Swagger UI can be told by the address to load another document: only where it is switched on.
    expect((await ask(`${service.managementUrl}/docs/start.js`)).body.toString()).not.toContain('queryConfigEnabled');
  });
});
