import { Body, HttpCode, Post, Req } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiDefaultResponse,
  ApiExtraModels,
  ApiOkResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { type AuthUser, CurrentUser, Public } from '../../common/current-user.js';
import { LegacyController } from '../legacy-controller.js';
import type { LoggedIn } from '../logged-in.js';
import { NamesCaller } from '../names-caller.js';
import { TutorChangeDto, TutorLoginDto, TutorRegisterDto, TutorUserDto } from './dto/account.dto.js';
import { TutorErrorDto, TutorFieldErrorsDto, TutorLoginErrorDto } from './dto/error.dto.js';
import { TutorAccounts } from './tutor.accounts.js';

/** What is wrong with a field is said of it, anything else in one sentence. */
const FIELD_ERRORS = {
  description: 'What is wrong.',
  schema: { oneOf: [TutorErrorDto, TutorFieldErrorsDto].map((type) => ({ $ref: getSchemaPath(type) })) },
};

@ApiExtraModels(TutorErrorDto, TutorFieldErrorsDto)
@LegacyController('tutor', 'botchat/user')
export class TutorUsersController {
  constructor(private readonly accounts: TutorAccounts) {}

  /** Make an account, and log in */
  @Post('register')
  @Public()
  @ApiCreatedResponse({ type: TutorUserDto })
  @ApiDefaultResponse(FIELD_ERRORS)
  register(@Body() dto: TutorRegisterDto, @Req() request: FastifyRequest): Promise<LoggedIn<TutorUserDto>> {
    return this.accounts.register(dto, request);
  }

  /** Log in: the answer sets the session's cookie */
  @Post('login')
  @HttpCode(200)
  @Public()
  @ApiOkResponse({ type: TutorUserDto })
  @ApiDefaultResponse({ type: TutorLoginErrorDto, description: 'What is wrong.' })
  login(@Body() dto: TutorLoginDto, @Req() request: FastifyRequest): Promise<LoggedIn<TutorUserDto>> {
    return this.accounts.login(dto, request);
  }

  /** Change the own account; with another password all other logins end */
  @Post('change/info')
  @HttpCode(200)
  @NamesCaller({ user: 'user_id', as: 'id' })
  @ApiOkResponse({ type: TutorUserDto })
  @ApiDefaultResponse(FIELD_ERRORS)
  change(@CurrentUser() user: AuthUser, @Body() dto: TutorChangeDto): Promise<TutorUserDto> {
    return this.accounts.change(user, dto);
  }
}
