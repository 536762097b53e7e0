import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestManagement } from '../testing/test-management.js';

let api: TestManagement;

beforeAll(async () => {
  api = await TestManagement.start();
});
afterAll(() => api?.stop());

async function ask(apiVersion: string | null, path = '/metadata/endpoints') {
  const response = await fetch(`${api.baseUrl}${path}${apiVersion === null ? '' : `?api-version=${apiVersion}`}`);
  return { status: response.status, headers: response.headers, body: (await response.json()) as any };
}

const url = 'https://localhost:8443';
const cloud = {
  name: 'Regatta',
  resourceManager: url,
  authentication: { loginEndpoint: `${url}/adfs`, audiences: [`${url}/`, url], tenant: 'common', identityProvider: 'AAD' },
  microsoftGraphResourceId: `${url}/`,
  graphAudience: `${url}/`,
  suffixes: { acrLoginServer: 'localhost:5443', keyVaultDns: 'vault.invalid', storage: 'storage.invalid' },
};

describe('the description of this cloud', () => {
  it('tells who has no token where everything is', async () => {
    const { status, headers, body } = await ask('2022-09-01');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(body).toMatchObject(cloud);
  });

  it.each(['2019-05-01', '2020-06-01', '2022-08-31'])('is one of a list in api-version %s', async (version) => {
    expect((await ask(version)).body).toEqual([expect.objectContaining(cloud)]);
  });

  it.each(['2022-09-01', '2023-11-01', '2026-01-01-preview'])('is an object in api-version %s', async (version) => {
    expect((await ask(version)).body).toMatchObject(cloud);
  });

  it.each(['/metadata/endpoints', '//metadata/endpoints', '/Metadata/Endpoints/'])(
    'names the regions in the first form, which Terraform asks for, at %s',
    async (path) => {
      const { status, body } = await ask('2018-01-01', path);
      expect(status).toBe(200);
      expect(body.cloudEndpoint.public).toEqual({ endpoint: 'localhost:8443', locations: ['eastus', 'westeurope'] });
      expect(body.authentication).toEqual({ loginEndpoint: `${url}/adfs`, audiences: [`${url}/`, url] });
    },
  );

  it.each([
    [null, 'MissingApiVersionParameter'],
    ['latest', 'InvalidApiVersionParameter'],
  ])('needs an api-version: %s is answered with %s', async (version, code) => {
    expect(await ask(version)).toMatchObject({ status: 400, body: { error: { code } } });
  });
});
