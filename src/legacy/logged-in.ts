import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { map, type Observable } from 'rxjs';
import type { Login } from '../auth/auth.service.js';
import { setSessionCookie } from '../auth/session-cookie.js';

/** What a handler returns that has logged somebody in: the surface's own body, and the login for the cookie. */
export class LoggedIn<T extends object = object> {
  constructor(
    readonly login: Login,
    readonly body: T,
  ) {}
}

/** Puts the session cookie on the answers that log somebody in: the same as the main API's. */
@Injectable()
export class LoggedInInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    return next.handle().pipe(
      map((answer: unknown) => {
        if (!(answer instanceof LoggedIn)) return answer;
        setSessionCookie(
          http.getRequest<FastifyRequest>(),
          http.getResponse<FastifyReply>(),
          answer.login.cookie,
        );
        return answer.body;
      }),
    );
  }
}
