import { goEnvironment, requireTool } from '#lib/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GeneratedClient } from '../support/generated-client.js';
import { run } from '../support/run.js';

/** Which generator, and all that it needs, is said in the program's go.mod. */
describe.skipIf(!requireTool('go'))('a Go client made by oapi-codegen', () => {
  let client: GeneratedClient;

  const go = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> =>
    run('go', args, { cwd: client.folder, env: { ...goEnvironment(), ...env }, timeoutSeconds: 600 });

  beforeAll(async () => {
    client = await GeneratedClient.make('generated-go', 'openapi-3.0.json');
    await go(['tool', 'oapi-codegen', '-version']); // Downloads and compiles it, once on a machine.
  }, 900_000);

  afterAll(() => client?.remove());

  it('is generated without a warning, and creates, lists and deletes a registry', async () => {
    const options = ['-generate', 'types,client', '-package', 'regatta', '-o', 'regatta/client.go', 'openapi.json'];
    expect(await go(['tool', 'oapi-codegen', ...options])).toBe('');
    expect(JSON.parse(await go(['run', '.'], client.arguments))).toEqual(client.life);
  }, 900_000);
});
