import type { Socket } from 'node:net';

/** What Node's own `onread` option of a socket is made of. Only the option is documented, and only for sockets one opens oneself. */
interface ReadingHandle {
  useUserBuffer(buffer: Uint8Array): void;
  onread: () => void;
  readStart(): void;
  readStop(): void;
  readonly bytesRead: number;
}

/** What all discarded bytes are written into. They are never looked at, so all sockets share it. */
const waste = Buffer.allocUnsafeSlow(256 * 1024);

/**
 * From now on reads a socket without handing anything to anybody: HTTP parser and streams would make a buffer of every piece, and
 * collecting those costs several times the reading. `take` is told how many bytes came; after false the socket is read no more. The
 * end of the input destroys it.
 * @returns false on a Node that cannot do this.
 */
export function discardInput(socket: Socket, take: (bytes: number) => boolean): boolean {
  const { _handle: handle } = socket as unknown as { _handle?: Partial<ReadingHandle> | null };
  if (!isReading(handle)) return false;
  let seen = handle.bytesRead;
  let isEmpty = false;
  handle.useUserBuffer(waste);
  handle.onread = () => {
    const bytes = handle.bytesRead - seen;
    seen += bytes;
    // Nothing is read at the end, and also where nothing more has come yet; only the end is met with twice.
    if (bytes > 0) {
      if (!take(bytes)) handle.readStop();
    } else if (isEmpty) socket.destroy();
    else handle.readStart();
    isEmpty = bytes <= 0;
  };
  handle.readStart();
  return true;
}

function isReading(handle: Partial<ReadingHandle> | null | undefined): handle is ReadingHandle {
  return typeof handle?.useUserBuffer === 'function' && typeof handle.readStart === 'function' && typeof handle.bytesRead === 'number';
}
