import { findProgram, requireProgram, scratchFolder } from '#lib/testkit';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildService } from '../support/build-service.js';
import { credentialsOf, ServiceProcess } from '../support/service-process.js';

/** The steps build on each other, as a person's do. On a service of its own: the names in the forms are those of every first try. */
describe.skipIf(!requireProgram('chromium'))('the documentation at /docs in Chromium', () => {
  let service: ServiceProcess;
  let home: Awaited<ReturnType<typeof scratchFolder>>;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    await buildService();
    home = await scratchFolder();
    service = await ServiceProcess.start({ home: home.path });
    browser = await chromium.launch({ executablePath: findProgram('chromium')!, args: ['--no-sandbox'] });
    page = await browser.newPage({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 1000 } });
    page.setDefaultTimeout(60_000);
    // What the policy of the page forbids is an error of the console, too.
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
  });

  afterAll(async () => {
    await browser?.close();
    await service?.stop();
    await home?.remove();
  });

  it('lets a service principal sign in', async () => {
    const { clientId, clientSecret } = credentialsOf(service.facts);
    await page.goto(`${service.facts.managementUrl}/docs`);
    await page.locator('.auth-wrapper .authorize').click();
    const form = page.locator('.auth-container', { has: page.locator('#client_id_clientCredentials') });
    await form.locator('#client_id_clientCredentials').fill(clientId);
    await form.locator('#client_secret_clientCredentials').fill(clientSecret);
    await form.locator('.auth-btn-wrapper .authorize').click();
    await page.locator('.auth-container', { hasText: 'Logout' }).first().waitFor();
    await page.locator('.modal-ux .close-modal').click();
  });

  it('creates a group and then a registry in it with what its forms already hold', async () => {
    expect(await execute('Resource groups', 'ResourceGroups_CreateOrUpdate')).toBe('201');
    expect(await execute('Registries', 'Registries_Create')).toBe('201');
  });

  it('has nothing to complain of', () => {
    expect(complaints).toEqual([]);
  });

  /** Opens an operation and presses Execute. */
  async function execute(heading: string, id: string): Promise<string> {
    await page.locator(`[id="operations-tag-${heading.replaceAll(' ', '_')}"]`).click();
    const operation: Locator = page.locator(`.opblock[id$="${id}"]`);
    await operation.locator('.opblock-summary-control').click();
    await operation.locator('button.execute').click();
    const status = operation.locator('.live-responses-table tbody .response-col_status').first();
    return (await status.innerText()).trim().split('\n')[0]!;
  }
});
