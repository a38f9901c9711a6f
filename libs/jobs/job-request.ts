import { randomUUID } from 'node:crypto';
import { InvalidJobError, type JobOptions } from './job-queue.js';

/** What travels: data with the version of this form, so that processes of two versions can share a queue. */
export interface JobMessage {
  v: number;
  data?: unknown;
}

export const MESSAGE_VERSION = 1;

/** A job on its way into the queue, checked, with all defaults filled in. */
export interface JobRequest {
  name: string;
  id: string;
  /** The id is the caller's, not one that was made here. */
  named: boolean;
  message: JobMessage;
  delayMs: number;
  attempts: number;
  backoffMs: number;
}

const ID = /^[\w.-]{1,100}$/;
const MAX_MS = 2 ** 31 - 1;
const MAX_ATTEMPTS = 100;
const MAX_BACKOFF_MS = 3_600_000;

/** @throws InvalidJobError */
export function jobRequest(name: string, data: unknown, options: JobOptions = {}): JobRequest {
  const { jobId, delayMs = 0, attempts = 3, backoffMs = 1_000 } = options;
  if (jobId !== undefined && !ID.test(jobId)) throw new InvalidJobError(`job ${name}: not an id`);
  check(name, 'delayMs', delayMs, 0, MAX_MS);
  check(name, 'attempts', attempts, 1, MAX_ATTEMPTS);
  check(name, 'backoffMs', backoffMs, 0, MAX_BACKOFF_MS);
  const message = roundTrip(name, data);
  return {
    name,
    id: jobId ?? randomUUID(),
    named: jobId !== undefined,
    message,
    delayMs,
    attempts,
    backoffMs,
  };
}

/** How long to wait after so many failed attempts, in milliseconds. */
export function backoffAfter(failures: number, backoffMs: number): number {
  return Math.min(backoffMs * 2 ** (failures - 1), MAX_BACKOFF_MS);
}

function check(name: string, what: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max)
    throw new InvalidJobError(`job ${name}: ${what} is a whole number from ${min} to ${max}`);
}

function roundTrip(name: string, data: unknown): JobMessage {
  try {
    return JSON.parse(JSON.stringify({ v: MESSAGE_VERSION, data })) as JobMessage;
  } catch (cause) {
    throw new InvalidJobError(`job ${name}: its data does not fit into JSON`, { cause });
  }
}
