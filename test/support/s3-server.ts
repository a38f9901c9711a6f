import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { buffer } from 'node:stream/consumers';
import { isSigned } from './s3-signature.ts';

export const S3_ACCESS_KEY_ID = 'test-access';
export const S3_SECRET_ACCESS_KEY = 'test-secret';
export const S3_BUCKET = 'parley-test';
const PAGE = 1_000;

/** What goes wrong with a request; `stuck` and `cut` only once half of an object was sent. */
export type S3Fault = 'error' | 'slow-down' | 'denied' | 'reset' | 'hang' | 'slow' | 'stuck' | 'cut';

/** One request: what a fault is chosen by. */
export interface S3Request {
  method: string;
  key: string;
  query: URLSearchParams;
}

interface PartedUpload {
  key: string;
  parts: Map<number, Buffer>;
}

/** A server that speaks S3, as far as object storages in general do: one bucket, requests by path, signatures checked. */
export class S3Server {
  readonly objects = new Map<string, Buffer>();
  readonly uploads = new Map<string, PartedUpload>();
  /** `PUT key`, in the order in which they came. */
  readonly asked: string[] = [];
  fault: (request: S3Request) => S3Fault | undefined = () => undefined;
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => void this.serve(request, response));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Variables of a process that keeps its files here. */
  get env(): Record<string, string> {
    return { S3_ENDPOINT: this.url, S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY };
  }

  async start(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    return this;
  }

  /** Everything is kept: it can be started again. */
  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    const url = new URL(request.url!, 'http://s3');
    const [bucket = '', ...rest] = decodeURIComponent(url.pathname).slice(1).split('/');
    const asked = { method: request.method!, key: rest.join('/'), query: url.searchParams };
    this.asked.push(`${asked.method} ${asked.key}`);
    const body = await buffer(request).catch(() => null);
    if (body === null) return;
    if (/^STREAMING-|^aws-chunked/.test(`${String(request.headers['x-amz-content-sha256'])}`))
      return refuse(response, 501, 'NotImplemented');
    if (!isSigned(request, body, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY))
      return refuse(response, 403, 'SignatureDoesNotMatch');
    if (bucket !== S3_BUCKET) return refuse(response, 404, 'NoSuchBucket');
    const fault = this.fault(asked);
    if (fault && (await this.fails(fault, response))) return;
    this.answer(asked, request, body, response, fault);
  }

  /** Whether this was the answer. */
  private async fails(fault: S3Fault, response: ServerResponse): Promise<boolean> {
    if (fault === 'slow') await sleep(300);
    else if (fault === 'error') refuse(response, 500, 'InternalError');
    else if (fault === 'slow-down') refuse(response, 503, 'SlowDown');
    else if (fault === 'denied') refuse(response, 403, 'AccessDenied');
    else if (fault === 'reset') response.destroy();
    return !['slow', 'stuck', 'cut'].includes(fault);
  }

  private answer(
    asked: S3Request,
    request: IncomingMessage,
    body: Buffer,
    response: ServerResponse,
    fault?: S3Fault,
  ): void {
    const { method, key, query } = asked;
    if (key === '')
      return query.has('uploads') ? this.listUploads(query, response) : this.list(query, response);
    if (query.has('uploads') && method === 'POST') return this.begin(key, response);
    if (query.has('uploadId')) return this.onUpload(asked, body, response);
    if (method === 'PUT') {
      this.objects.set(key, body);
      return void response.writeHead(200, { ETag: etagOf(body) }).end();
    }
    if (method === 'DELETE') {
      this.objects.delete(key);
      return void response.writeHead(204).end();
    }
    this.give(key, method, request.headers.range, response, fault);
  }

  private give(
    key: string,
    method: string,
    range: string | undefined,
    response: ServerResponse,
    fault?: S3Fault,
  ) {
    const whole = this.objects.get(key);
    if (!whole)
      return method === 'HEAD' ? void response.writeHead(404).end() : refuse(response, 404, 'NoSuchKey');
    const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
    const bytes = start === undefined ? whole : whole.subarray(Number(start), Number(end) + 1);
    const part = start === undefined ? {} : { 'Content-Range': `bytes ${start}-${end}/${whole.length}` };
    response.writeHead(start === undefined ? 200 : 206, {
      ...{ 'Content-Length': bytes.length, ETag: etagOf(whole), 'Accept-Ranges': 'bytes' },
      ...part,
    });
    if (method === 'HEAD') response.end();
    else if (fault === 'stuck') response.write(bytes.subarray(0, bytes.length / 2));
    else if (fault === 'cut') response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
    else response.end(bytes);
  }

  private begin(key: string, response: ServerResponse): void {
    const uploadId = randomUUID();
    this.uploads.set(uploadId, { key, parts: new Map() });
    xml(response, 'InitiateMultipartUploadResult', `<Key>${key}</Key><UploadId>${uploadId}</UploadId>`);
  }

  private onUpload({ method, key, query }: S3Request, body: Buffer, response: ServerResponse): void {
    const uploadId = query.get('uploadId')!;
    const upload = this.uploads.get(uploadId);
    if (upload?.key !== key) return refuse(response, 404, 'NoSuchUpload');
    if (method === 'PUT') {
      upload.parts.set(Number(query.get('partNumber')), body);
      return void response.writeHead(200, { ETag: etagOf(body) }).end();
    }
    if (method === 'POST') {
      const named = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(([, n]) =>
        Number(n),
      );
      const parts = named.map((number) => upload.parts.get(number));
      if (parts.length === 0 || parts.some((part) => !part)) return refuse(response, 400, 'InvalidPart');
      if (parts.slice(0, -1).some((part) => part!.length < 5_242_880))
        return refuse(response, 400, 'EntityTooSmall');
      this.objects.set(key, Buffer.concat(parts as Buffer[]));
    }
    this.uploads.delete(uploadId);
    if (method === 'POST') xml(response, 'CompleteMultipartUploadResult', `<Key>${key}</Key>`);
    else response.writeHead(204).end();
  }

  private list(query: URLSearchParams, response: ServerResponse): void {
    const prefix = query.get('prefix') ?? '';
    const from = query.get('continuation-token') ?? '';
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > from).toSorted();
    const page = keys.slice(0, PAGE);
    const next = keys.length > PAGE ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
    const contents = page.map((key) => `<Contents><Key>${key}</Key></Contents>`).join('');
    xml(response, 'ListBucketResult', `<IsTruncated>${next !== ''}</IsTruncated>${next}${contents}`);
  }

  private listUploads(query: URLSearchParams, response: ServerResponse): void {
    const prefix = query.get('prefix') ?? '';
    const uploads = [...this.uploads].filter(([, { key }]) => key.startsWith(prefix));
    const items = uploads.map(
      ([id, { key }]) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`,
    );
    xml(response, 'ListMultipartUploadsResult', `<IsTruncated>false</IsTruncated>${items.join('')}`);
  }
}

function etagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

function xml(response: ServerResponse, root: string, content: string, status = 200): void {
  response.writeHead(status, { 'Content-Type': 'application/xml' });
  response.end(`<?xml version="1.0" encoding="UTF-8"?>\n<${root}>${content}</${root}>`);
}

function refuse(response: ServerResponse, status: number, code: string): void {
  xml(response, 'Error', `<Code>${code}</Code><Message>no</Message><RequestId>1</RequestId>`, status);
}
