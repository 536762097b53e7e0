import { DataSource, type EntityManager } from 'typeorm';
import { Outbox, type JobDefinition, type OutboxOptions } from '#lib/platform';
import { OperationsTable } from './operations/operations.table.js';
import { registryChanged } from './registries/registry-changed.js';
import type { RegistryEntity } from './registries/registry.entity.js';
import { RegistriesTable } from './registries/registries.table.js';
import { ResourceGroupsTable } from './resource-groups/resource-groups.table.js';
import { SubscriptionsTable } from './subscriptions/subscriptions.table.js';
import { TenantsTable } from './tenants/tenants.table.js';

/** The outbox of one transaction: what is added follows the change, or nothing does. */
export interface ControlOutbox {
  add<P>(job: JobDefinition<P>, payload: P, options?: OutboxOptions): Promise<void>;
}

/**
 * The desired state of every registry, and of what registries are kept in. Outside a transaction it reads; whoever
 * writes does so through the store that `transaction` hands in.
 */
export class ControlStore {
  readonly tenants: TenantsTable;
  readonly subscriptions: SubscriptionsTable;
  readonly resourceGroups: ResourceGroupsTable;
  readonly operations: OperationsTable;
  readonly registries: RegistriesTable;
  readonly outbox: ControlOutbox;
  readonly #source: DataSource | EntityManager;
  readonly #manager: EntityManager;

  /** @param source the application's data source; an entity manager only when bound to its transaction. */
  constructor(source: DataSource | EntityManager) {
    this.#source = source;
    const manager = source instanceof DataSource ? source.manager : source;
    this.#manager = manager;
    this.tenants = new TenantsTable(manager);
    this.subscriptions = new SubscriptionsTable(manager);
    this.resourceGroups = new ResourceGroupsTable(manager);
    this.operations = new OperationsTable(manager);
    this.registries = new RegistriesTable(manager);
    const outbox = new Outbox();
    this.outbox = { add: (job, payload, options) => outbox.add(manager, job, payload, options) };
  }

  /**
   * Runs `work` with this store bound to one transaction: everything it writes happens, or nothing. Called inside a
   * transaction, it joins that one. With the entity manager that `work` is also given, an application writes what another lib
   * keeps in the same transaction.
   */
  transaction<T>(work: (store: ControlStore, manager: EntityManager) => Promise<T>): Promise<T> {
    if (!(this.#source instanceof DataSource)) return work(this, this.#manager);
    return this.#source.transaction((manager) => work(new ControlStore(manager), manager));
  }

  /** Tells every process of the installation that a registry changed, when the transaction commits. */
  async announceRegistry({ nameKey, loginLabel }: Pick<RegistryEntity, 'nameKey' | 'loginLabel'>): Promise<void> {
    await this.#manager.query('SELECT pg_notify($1, key) FROM unnest($2::text[]) AS key', [
      registryChanged,
      [...new Set([nameKey, loginLabel])],
    ]);
  }
}
