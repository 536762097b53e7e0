import { join } from 'node:path';
import { pythonEnvironments, pythonVenv, requireTool } from '#lib/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GeneratedClient } from '../support/generated-client.js';
import { run } from '../support/run.js';

describe.skipIf(!requireTool('python3'))(`a Python client made by ${pythonEnvironments.generatedClient.join()}`, () => {
  let programs: string;
  let client: GeneratedClient;

  beforeAll(async () => {
    [programs, client] = await Promise.all([
      pythonVenv(pythonEnvironments.generatedClient),
      GeneratedClient.make('generated-python', 'openapi.json'),
    ]);
  }, 600_000);

  afterAll(() => client?.remove());

  it('is generated without a warning, and creates, lists and deletes a registry', async () => {
    const { folder } = client;
    const options = ['--path', 'openapi.json', '--meta', 'none', '--output-path', 'regatta_client', '--fail-on-warning'];
    const env = { PATH: `${programs}:${process.env['PATH']}` }; // It formats by ruff.
    const said = await run(join(programs, 'openapi-python-client'), ['generate', ...options], { cwd: folder, env });
    expect(said.trim()).toBe('Generating regatta_client');
    const printed = await run(join(programs, 'python3'), ['main.py'], { cwd: folder, env: client.arguments, timeoutSeconds: 120 });
    expect(JSON.parse(printed)).toEqual(client.life);
  }, 300_000);
});
