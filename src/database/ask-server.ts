import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, type ConnectionOptions, createConnection, type RowDataPacket } from 'mysql2';
import { DatabaseSilentError } from './failures.js';
import type { AskServer, Ghost } from './server-watch.js';

/** A host that takes connections answers within that; beyond, the next attempt may find it back. */
const CONNECT_MS = 2_000;
/** How long is waited for killed statements to end: one that takes back a long transaction needs more. */
const GHOSTS_MS = 1_000;
const POLL_MS = 50;

/** What a connection speaks over; its types do not show it. */
export function socketOf(connection: Connection): Socket {
  return (connection as unknown as { stream: Socket }).stream;
}

/** Asks the server that `access` leads to. */
export function serverAt(access: ConnectionOptions): AskServer {
  return async (ghosts, signal) => {
    const connection = createConnection({ ...access, connectTimeout: 60_000 });
    connection.on('error', () => undefined);
    const socket = socketOf(connection);
    const leave = () => socket.destroy(new DatabaseSilentError());
    signal.addEventListener('abort', leave);
    const unreachable = setTimeout(() => {
      if (socket.connecting) leave();
    }, CONNECT_MS);
    try {
      await query(connection, 'SELECT 1');
      await lay(connection, ghosts).catch(() => undefined);
    } catch (error) {
      // A refusal is an answer.
      if (!isFromServer(error)) throw error;
    } finally {
      clearTimeout(unreachable);
      signal.removeEventListener('abort', leave);
      connection.end();
      socket.destroy();
    }
  };
}

/** Ends what the ghosts are still about, and waits until they are gone. */
async function lay(connection: Connection, ghosts: readonly Ghost[]): Promise<void> {
  if (ghosts.length === 0) return;
  const ids = ghosts.map(({ threadId }) => threadId);
  const list = 'SELECT ID AS id, HOST AS host FROM information_schema.PROCESSLIST WHERE ID IN (?)';
  for (let waited = 0; waited < GHOSTS_MS; waited += POLL_MS) {
    const rows = await query<{ id: number; host: string }>(connection, list, [ids]);
    // By the port as well: another server may be at the address by now, with ids of its own.
    const left = rows.filter(({ id, host }) =>
      ghosts.some(({ threadId, port }) => Number(id) === threadId && host.endsWith(`:${port}`)),
    );
    if (left.length === 0) return;
    for (const { id } of left) await query(connection, `KILL ${Number(id)}`).catch(() => undefined);
    await sleep(POLL_MS);
  }
}

function query<T>(connection: Connection, sql: string, values: unknown[] = []): Promise<T[]> {
  return new Promise((resolve, reject) => {
    connection.query<RowDataPacket[]>(sql, values, (error, rows) => {
      if (error) reject(error);
      else resolve(rows as T[]);
    });
  });
}

function isFromServer(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && code.startsWith('ER_');
}
