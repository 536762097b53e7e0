import { SwaggerModule } from '@nestjs/swagger';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ControlStore } from '#lib/control';
import { Broadcast, Health, newLogger } from '#lib/platform';
import { testDatabase, type TestDatabase } from '#lib/testkit';
import { createManagementApp } from '../management-api.js';
import { testConfig } from '../testing/test-management.js';

let db: TestDatabase;
let broadcast: Broadcast;
let app: NestFastifyApplication;
beforeAll(async () => {
  db = await testDatabase();
  const logger = newLogger({ name: 'spec', level: 'silent' });
  broadcast = new Broadcast({ url: db.url, applicationName: 'spec', logger });
  app = await createManagementApp({ config: testConfig(db.url), logger, dataSource: db.dataSource, broadcast, health: new Health() });
});
afterAll(async () => {
  await app.close();
  await broadcast.close();
  await db.drop();
});

it('The document is built once before there is a subscription and once after, however many clients ask at once', async () => {
  const builds = vi.spyOn(SwaggerModule, 'createDocument');
  const ask = () =>
    Promise.all(
      ['/openapi.json', '/openapi-3.0.json', '/openapi.json'].map(async (url) => {
        const { statusCode, body } = await app.getHttpAdapter().getInstance().inject(url);
        expect(statusCode).toBe(200);
        return body;
      }),
    );
  await ask();
  await ask();
  expect(builds).toHaveBeenCalledTimes(1);
  const control = app.get(ControlStore, { strict: false });
  const [tenantId, id] = ['f0000000-0000-4000-8000-000000000001', 'f0000000-0000-4000-8000-000000000002'];
  await control.tenants.ensure({ id: tenantId, displayName: 'Test' });
  await control.subscriptions.ensure({ id, tenantId, displayName: 'Test' });
  for (const body of [...(await ask()), ...(await ask())]) expect(body).toContain(id);
  expect(builds).toHaveBeenCalledTimes(2);
  builds.mockRestore();
});
