import { randomUUID } from 'node:crypto';
import { type EntityManager, In, IsNull, LessThan, MoreThan, type Repository } from 'typeorm';
import { OperationEntity, type OperationError } from './operation.entity.js';

/** What has to be known to begin an operation. */
export interface NewOperation {
  /** e.g. `CreateRegistry`. */
  kind: string;
  /** Word clients see until it ends, e.g. `Creating`. */
  status: string;
  /** First part of the public name: the collection of what it is about, in lower case, e.g. `registries`. */
  prefix: string;
  tenantId: string;
  subscriptionId: string;
  resourceId: string;
  targetId: string;
  /** Object id of the principal that starts it; it may follow the operation to its end. */
  startedBy: string | null;
}

const firstId = '00000000-0000-0000-0000-000000000000';
const pageSize = 200;

const uuidAtEnd = /([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i;

/** Long-running operations, begun by a request and ended by a worker. */
export class OperationsTable {
  readonly #rows: Repository<OperationEntity>;

  constructor(manager: EntityManager) {
    this.#rows = manager.getRepository(OperationEntity);
  }

  /** Begins an operation; write it in the transaction of what it stands for. */
  async start({ prefix, ...operation }: NewOperation): Promise<OperationEntity> {
    const id = randomUUID();
    const row = {
      ...operation,
      id,
      name: `${prefix}-${id}`,
      percentComplete: 0,
      error: null,
      result: null,
      startedAt: new Date(),
      endedAt: null,
    };
    await this.#rows.insert(row as object);
    return row;
  }

  byId(id: string): Promise<OperationEntity | null> {
    return this.#rows.findOneBy({ id });
  }

  /** By the public name, whatever its casing. */
  async byName(name: string): Promise<OperationEntity | null> {
    const id = uuidAtEnd.exec(name)?.[1];
    if (id === undefined) return null;
    const row = await this.byId(id);
    return row && row.name.toLowerCase() === name.toLowerCase() ? row : null;
  }

  /** The newest operation under way for a row; null when none is. */
  underWay(targetId: string): Promise<OperationEntity | null> {
    return this.#rows.findOne({ where: { targetId, endedAt: IsNull() }, order: { startedAt: 'DESC' } });
  }

  /** How far it is, 0 to 99; nothing once it has ended. */
  async progress(id: string, percent: number): Promise<void> {
    await this.#rows.update({ id, endedAt: IsNull() }, { percentComplete: Math.max(0, Math.min(99, Math.floor(percent))) });
  }

  /** Ends it well. False when it had ended before: handlers may run twice. */
  succeed(id: string, result: unknown = null): Promise<boolean> {
    return this.#end(id, { status: 'Succeeded', percentComplete: 100, result: result as object | null, error: null });
  }

  /** Ends it badly; `error` is what the client reads. */
  fail(id: string, error: OperationError): Promise<boolean> {
    return this.#end(id, { status: 'Failed', error });
  }

  /** Ends it because something else made it pointless. */
  cancel(id: string, error: OperationError): Promise<boolean> {
    return this.#end(id, { status: 'Canceled', error });
  }

  /** Forgets operations that ended before `before`, at most `limit` of them; how many it forgot. */
  async forgetEnded(before: Date, limit: number): Promise<number> {
    const old = await this.#rows.find({
      select: { id: true },
      where: { endedAt: LessThan(before) },
      order: { endedAt: 'ASC' },
      take: limit,
    });
    if (old.length === 0) return 0;
    const { affected } = await this.#rows.delete(old.map(({ id }) => id));
    return affected ?? 0;
  }

  /** Operations of these kinds that are still under way and began before `before`: all of them, a page at a time. */
  async *underWaySince(before: Date, kinds: readonly string[]): AsyncGenerator<OperationEntity> {
    for (let after = firstId; ;) {
      const page = await this.#rows.find({
        where: { kind: In([...kinds]), endedAt: IsNull(), startedAt: LessThan(before), id: MoreThan(after) },
        order: { id: 'ASC' },
        take: pageSize,
      });
      yield* page;
      if (page.length < pageSize) return;
      after = page.at(-1)!.id;
    }
  }

  async #end(id: string, change: Partial<OperationEntity>): Promise<boolean> {
    const { affected } = await this.#rows.update({ id, endedAt: IsNull() }, { ...change, endedAt: new Date() } as never);
    return affected === 1;
  }
}
