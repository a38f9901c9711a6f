import {
  Body,
  type CallHandler,
  Controller,
  type ExecutionContext,
  HttpCode,
  Injectable,
  type NestInterceptor,
  Post,
  Req,
  UseInterceptors,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { map, type Observable } from 'rxjs';
import { CurrentUser, Public, type SessionUser } from '../common/current-user.js';
import { AuthService, callerOf, type Login } from './auth.service.js';
import { AuthResultDto, LoginDto, RefreshDto, RegisterDto } from './dto/auth.dto.js';
import { clearSessionCookie, setSessionCookie } from './session-cookie.js';

/** Puts a login's cookie on the answer, or takes the cookie away where there is no login any more. */
@Injectable()
class SessionCookieInterceptor implements NestInterceptor<Login | undefined, AuthResultDto | undefined> {
  intercept(
    context: ExecutionContext,
    next: CallHandler<Login | undefined>,
  ): Observable<AuthResultDto | undefined> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    return next.handle().pipe(
      map((login) => {
        if (login) setSessionCookie(request, reply, login.cookie);
        else clearSessionCookie(request, reply);
        return login?.result;
      }),
    );
  }
}

@ApiTags('auth')
@Controller('auth')
@UseInterceptors(SessionCookieInterceptor)
export class AuthController {
  constructor(private readonly auth: AuthService) {}

  /** Make an account and log in */
  @Post('register')
  @Public()
  @ApiCreatedResponse({ type: AuthResultDto })
  register(@Body() dto: RegisterDto, @Req() request: FastifyRequest): Promise<Login> {
    return this.auth.register(dto, callerOf(request));
  }

  /** Log in by username or e-mail address */
  @Post('login')
  @Public()
  @HttpCode(200)
  @ApiOkResponse({ type: AuthResultDto })
  login(@Body() dto: LoginDto, @Req() request: FastifyRequest): Promise<Login> {
    return this.auth.login(dto, callerOf(request));
  }

  /** Exchange the refresh token for new tokens; it works once */
  @Post('refresh')
  @Public()
  @HttpCode(200)
  @ApiOkResponse({ type: AuthResultDto })
  refresh(@Body() dto: RefreshDto, @Req() request: FastifyRequest): Promise<Login> {
    return this.auth.refresh(dto, callerOf(request));
  }

  /** Log out: this login's tokens and cookie end at once */
  @Post('logout')
  @HttpCode(204)
  @ApiBearerAuth('access-token')
  @ApiNoContentResponse()
  async logout(@CurrentUser() user: SessionUser): Promise<void> {
    await this.auth.logout(user);
  }
}
