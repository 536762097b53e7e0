import { connect, type Socket } from 'node:net';
import type { Garbage } from './garbage.js';

/** What came back. Status 0: the connection ended, or half a minute went by, without an answer. */
export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly isOpen: boolean;
  readonly isLate: boolean;
}

const patience = 30_000;

/** Sends requests one after the other, on one connection as long as the other side keeps it. */
export class GarbageClient {
  #socket: Socket | null = null;

  constructor(private readonly port: number) {}

  async send({ text, method, isWellFormed }: Garbage): Promise<Reply> {
    if (!isWellFormed) this.end();
    const socket = (this.#socket ??= this.#open());
    const reply = new Promise<Reply>((resolve) => {
      let received = '';
      const finish = (whole: Omit<Reply, 'isLate'> | null, isLate = false) => {
        clearTimeout(timer);
        socket.off('data', take).off('close', close);
        resolve({ status: 0, type: '', body: received, isOpen: false, ...whole, isLate });
      };
      const take = (bytes: Buffer) => {
        received += bytes.toString('latin1');
        const whole = readReply(received, method, false);
        if (whole && isWellFormed) finish(whole);
      };
      const close = () => finish(readReply(received, method, true));
      const timer = setTimeout(() => finish(null, true), patience);
      socket.on('data', take).on('close', close);
    });
    socket.write(text, 'latin1');
    if (!isWellFormed) socket.end();
    const answer = await reply;
    if (!answer.isOpen || !isWellFormed) this.end();
    return answer;
  }

  end(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  #open(): Socket {
    const socket = connect(this.port, '127.0.0.1');
    return socket.setNoDelay(true).on('error', () => undefined);
  }
}

/** The answer at the start of `text`; null while it is not whole. `isEnd`: nothing more will come. */
function readReply(text: string, method: string, isEnd: boolean): Omit<Reply, 'isLate'> | null {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = text.slice(0, end);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
  const rest = text.slice(end + 4);
  if (status === 100) return readReply(rest, method, isEnd);
  const of = (name: string) => new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1]?.trim() ?? '';
  const isOpen = !isEnd && !/close/i.test(of('connection'));
  const found = { status, type: of('content-type'), isOpen };
  if (method === 'HEAD' || status === 204 || status === 304) return { ...found, body: '' };
  if (/chunked/i.test(of('transfer-encoding'))) {
    const body = dechunked(rest);
    return body === null ? null : { ...found, body };
  }
  const length = of('content-length');
  if (length !== '') return rest.length < Number(length) ? null : { ...found, body: rest.slice(0, Number(length)) };
  return isEnd ? { ...found, body: rest } : null;
}

function dechunked(text: string): string | null {
  let body = '';
  for (let at = 0; ;) {
    const line = text.indexOf('\r\n', at);
    if (line < 0) return null;
    const size = Number.parseInt(text.slice(at, line), 16);
    if (size === 0) return text.length >= line + 4 ? body : null;
    if (text.length < line + 4 + size) return null;
    body += text.slice(line + 2, line + 2 + size);
    at = line + 4 + size;
  }
}
