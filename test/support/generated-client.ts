import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { caOf, credentialsOf, managementOf, projectRoot } from './service-process.js';
import { sharedService } from './shared-service.js';
import { call } from './wire.js';

/** A folder in which a client is generated from what the shared service says of itself, and a program that uses it. */
export class GeneratedClient {
  readonly name = `gen${randomBytes(6).toString('hex')}`;

  private constructor(
    readonly folder: string,
    readonly env: Readonly<Record<string, string>>,
  ) {}

  /** With a copy of `test/clients/<program>` and the document as `openapi.json`. */
  static async make(program: string, document: 'openapi.json' | 'openapi-3.0.json'): Promise<GeneratedClient> {
    const service = await sharedService();
    const { managementUrl } = service;
    const [{ body }, token, folder] = await Promise.all([
      call(`${managementUrl}/${document}`, { ca: caOf(service) }),
      managementOf(service).token(),
      mkdtemp(join(tmpdir(), 'regatta-generated-')),
    ]);
    await cp(join(projectRoot, 'test/clients', program), folder, { recursive: true });
    await writeFile(join(folder, 'openapi.json'), body);
    const { subscriptionId } = credentialsOf(service);
    return new GeneratedClient(folder, { URL: managementUrl, TOKEN: token, CA_FILE: service.caFile, SUBSCRIPTION: subscriptionId });
  }

  /** What the program is told by its environment. */
  get arguments(): Record<string, string> {
    return { ...this.env, GROUP: `group-${this.name}`, REGISTRY: this.name };
  }

  /** What the program prints if all is well. */
  get life(): object {
    const { name } = this;
    return { group: 201, registry: 201, sku: 'Basic', listed: [name], deleted: 202, error: 'ResourceNotFound', left: [] };
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}
