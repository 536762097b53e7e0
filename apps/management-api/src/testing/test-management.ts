import { randomBytes, randomUUID } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { RoleName } from '#lib/domain';
import { ControlStore } from '#lib/control';
import { ensureBootstrap, Principals, PrincipalTokens, RoleAssignments, type Principal } from '#lib/identity';
import { Broadcast, Health, listenOn, newLogger, type Listeners, type Logger } from '#lib/platform';
import { ArmClient, OpenApiContract, publishedContract, testDatabase, type Contract, type TestDatabase } from '#lib/testkit';
import { managementSettings, type ManagementConfig } from '../config.js';
import { unreadable } from '../arm-http/framework-errors.js';
import { createManagementApp } from '../management-api.js';
import { buildDocument } from '../openapi/document.js';
import { readPlace } from '../openapi/place.js';

/** Somebody who may call the management API, and a client that calls as them. */
export interface TestCaller {
  principalId: string;
  token: string;
  arm: ArmClient;
}

/** The management API as it runs, on a database of its own and a free port; without a worker. */
export class TestManagement {
  private constructor(
    readonly db: TestDatabase,
    readonly app: NestFastifyApplication,
    readonly config: ManagementConfig,
    readonly baseUrl: string,
    readonly tenantId: string,
    readonly subscriptionId: string,
    /** Our own OpenAPI document: what every exchange is judged by besides the published contract. */
    readonly contract: Contract,
    /** Owner of the subscription. */
    readonly owner: TestCaller,
    private readonly listeners: Listeners,
    private readonly broadcast: Broadcast,
  ) {}

  static async start(change: Partial<ManagementConfig> = {}, log?: Logger): Promise<TestManagement> {
    const db = await testDatabase();
    const config = testConfig(db.url, change);
    const logger = log ?? newLogger({ name: 'spec', level: config.LOG_LEVEL });
    const broadcast = new Broadcast({ url: db.url, applicationName: 'spec', logger });
    const app = await createManagementApp({ config, logger, dataSource: db.dataSource, broadcast, health: new Health() });
    const { tenantId, subscriptionId, principalId, clientId } = await ensureBootstrap({
      dataSource: db.dataSource,
      principals: app.get(Principals, { strict: false }),
      roleAssignments: app.get(RoleAssignments, { strict: false }),
    });
    const control = app.get(ControlStore, { strict: false });
    await control.tenants.ensure({ id: tenantId, displayName: 'Test' });
    await control.subscriptions.ensure({ id: subscriptionId, tenantId, displayName: 'Test' });
    const listeners = await listenOn(app.getHttpAdapter().getInstance(), { hosts: ['127.0.0.1'], http: { port: 0 }, unreadable });
    const baseUrl = `http://127.0.0.1:${listeners.ports.http}`;
    const token = tokenOf(app, { id: principalId, clientId, tenantId }, config);
    const contract = new OpenApiContract(buildDocument(app, (await readPlace(app, config))!));
    const owner = { principalId, token, arm: armClient(baseUrl, token, contract) };
    return new TestManagement(db, app, config, baseUrl, tenantId, subscriptionId, contract, owner, listeners, broadcast);
  }

  get control(): ControlStore {
    return this.app.get(ControlStore, { strict: false });
  }

  /** Another caller with these roles; without any they may do nothing. */
  async caller(...assignments: { role: RoleName; scope: string }[]): Promise<TestCaller> {
    const { principal } = await this.app.get(Principals, { strict: false }).create({ tenantId: this.tenantId, displayName: 'somebody' });
    for (const { role, scope } of assignments) {
      await this.app.get(RoleAssignments, { strict: false }).assign(principal.id, role, scope);
    }
    const token = tokenOf(this.app, principal, this.config);
    return { principalId: principal.id, token, arm: armClient(this.baseUrl, token, this.contract) };
  }

  /** Takes every role away from a caller. */
  async removeRoles(principalId: string): Promise<void> {
    const roles = this.app.get(RoleAssignments, { strict: false });
    for (const { id } of await roles.ofPrincipal(principalId)) await roles.unassign(id);
  }

  /** A resource group to work in; its path. */
  async group(name = `rg-${randomUUID().slice(0, 8)}`): Promise<string> {
    const path = `/subscriptions/${this.subscriptionId}/resourceGroups/${name}`;
    const { status, text } = await this.owner.arm.put(path, { location: 'eastus' }, { apiVersion: '2024-03-01' });
    if (status !== 201) throw new Error(`The group ${name} was not made: ${text}`);
    return path;
  }

  async stop(): Promise<void> {
    await this.listeners.drain(1);
    await this.app.close();
    await this.broadcast.close();
    await this.db.drop();
  }
}

/** A configuration as `config.ts` reads it from the environment. */
export function testConfig(databaseUrl: string, change: Partial<ManagementConfig> = {}): ManagementConfig {
  const environment = {
    DATABASE_URL: databaseUrl,
    REGATTA_SECRET_KEY: randomBytes(32).toString('base64'),
    REGATTA_DRAIN_SECONDS: '1',
    HTTP_PORT: '0',
    LOG_LEVEL: 'silent',
  };
  return { ...managementSettings.parse(environment), ...change };
}

const armClient = (baseUrl: string, token: string, contract: Contract) =>
  new ArmClient({ baseUrl, token, contracts: [publishedContract() ?? [], contract].flat() });

function tokenOf(app: NestFastifyApplication, who: Pick<Principal, 'id' | 'clientId' | 'tenantId'>, config: ManagementConfig): string {
  return app.get(PrincipalTokens, { strict: false }).issue(who, config.REGATTA_MANAGEMENT_URL).token;
}
