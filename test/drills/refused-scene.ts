import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Where requests go, and how they get there. */
export interface Target {
  port: number;
  /** Absent: plain HTTP. */
  tls?: { ca: string; servername: string };
}

/** One request: request line and header lines, and the bytes that follow. */
export interface Message {
  head: readonly string[];
  body: Buffer;
}

/** What processes have used up to now. */
export interface Usage {
  cpuMs: number;
  rssMiB: number;
}

export function usageOf(pids: readonly number[]): Usage {
  let [cpuMs, rssMiB] = [0, 0];
  for (const pid of pids) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    cpuMs += (Number(fields[11]) + Number(fields[12])) * 10;
    rssMiB += Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  }
  return { cpuMs, rssMiB };
}

/**
 * Sends so many requests over a few connections, which are used again where the other side leaves them open.
 * @returns how often each status was answered; 0 stands for none.
 */
export async function flood(target: Target, count: number, message: (index: number) => Message): Promise<Record<number, number>> {
  const statuses: Record<number, number> = {};
  let next = 0;
  const client = async () => {
    let socket: Socket | undefined;
    while (next < count) {
      socket ??= open(target);
      const { status, isOpen } = await ask(socket, message(next++));
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (isOpen) continue;
      socket.destroy();
      socket = undefined;
    }
    socket?.destroy();
  };
  await Promise.all(Array.from({ length: 20 }, client));
  return statuses;
}

/** Opens and closes so many connections that ask for nothing. */
export async function greet(target: Target, count: number): Promise<void> {
  let left = count;
  const client = async () => {
    while (left-- > 0) {
      const socket = open(target);
      await new Promise((resolve) => socket.once(target.tls ? 'secureConnect' : 'connect', resolve));
      socket.destroy();
    }
  };
  await Promise.all(Array.from({ length: 20 }, client));
}

function open({ port, tls }: Target): Socket {
  const host = '127.0.0.1';
  const socket = tls ? connectTls({ host, port, ...tls }) : connect(port, host);
  return socket.on('error', () => undefined);
}

/** Sends one request, reads beside it, and leaves as soon as there is an answer, as most clients do. */
function ask(socket: Socket, { head, body }: Message): Promise<{ status: number; isOpen: boolean }> {
  return new Promise((resolve) => {
    let text = '';
    const end = () => {
      socket.off('data', take).off('close', end);
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
      resolve({ status, isOpen: !socket.destroyed && !/^connection: close/im.test(text) });
    };
    const take = (bytes: Buffer) => {
      text += bytes.toString('latin1');
      const at = text.indexOf('\r\n\r\n');
      const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0);
      if (at >= 0 && text.length >= at + 4 + length) end();
    };
    socket.on('data', take).on('close', end);
    socket.write([...head, '', ''].join('\r\n'));
    if (body.length > 0) socket.write(body);
  });
}
