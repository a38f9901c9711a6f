import type { FastifyRequest } from 'fastify';
import type { AppError } from './errors.js';

/** An error as it goes out: JSON, in UTF-8. */
export interface ErrorAnswer {
  status: number;
  body: unknown;
}

/** What the problem catalogue says of an error, in the caller's language. */
export interface ErrorText {
  status: number;
  title: string;
  detail: string;
}

/**
 * How the errors of routes look that do not answer with problem details.
 * @param route the route's pattern
 */
export type ErrorEnvelope = (error: AppError, said: ErrorText, route: string) => ErrorAnswer;

/** Part of a route's configuration. */
export interface EnvelopeConfig {
  envelope?: ErrorEnvelope;
}

/** The envelope of the route that was found for a request; undefined: problem details. */
export function envelopeOf({ routeOptions }: FastifyRequest): ErrorEnvelope | undefined {
  return (routeOptions.config as EnvelopeConfig | undefined)?.envelope;
}
