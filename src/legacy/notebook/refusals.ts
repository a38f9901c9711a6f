import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { catchError, type Observable, throwError } from 'rxjs';
import { AppError } from '../../common/errors.js';
import type { ProblemCode } from '../../common/problem-catalog.js';
import { SurfaceError } from '../surface-error.js';

/** The body of an answer. `given` is the body of the request, as it came. */
type Refusal = (error: AppError, given: unknown) => object;

/** What a route says in its own words in the place of an error, with status 200. */
export const Refusing = (refusals: Partial<Record<ProblemCode, Refusal>>) =>
  UseInterceptors(new RefusalInterceptor(refusals));

@Injectable()
class RefusalInterceptor implements NestInterceptor {
  constructor(private readonly refusals: Partial<Record<ProblemCode, Refusal>>) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { body } = context.switchToHttp().getRequest<FastifyRequest>();
    return next.handle().pipe(catchError((error: unknown) => throwError(() => this.refused(error, body))));
  }

  private refused(error: unknown, given: unknown): unknown {
    if (!(error instanceof AppError) || error instanceof SurfaceError) return error;
    const refusal = this.refusals[error.code];
    return refusal ? new SurfaceError({ status: 200, body: refusal(error, given) }, error) : error;
  }
}
