import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

interface BodyLimitConfig {
  bodyLimit?: number;
}

/** A route that takes more bytes of JSON than others do. */
export const TakesUpTo = (bytes: number) => RouteConfig({ bodyLimit: bytes } satisfies BodyLimitConfig);

/** Lets routes have limits of their own; to be called before there are any. */
export function acceptLongBodies(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    const { bodyLimit } = (route.config ?? {}) as BodyLimitConfig;
    if (bodyLimit !== undefined) route.bodyLimit = bodyLimit;
  });
}
