import { Body, Delete, Get, HttpCode, Patch, Post, Put, Req } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiParam } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { type AuthUser, CurrentUser, Public } from '../../common/current-user.js';
import { LegacyController } from '../legacy-controller.js';
import type { LoggedIn } from '../logged-in.js';
import { NamesCaller } from '../names-caller.js';
import { CompanionAccounts } from './companion.accounts.js';
import { ApiAccountErrors } from './companion.openapi.js';
import {
  CompanionChangeDto,
  CompanionLoggedInDto,
  CompanionLoginDto,
  CompanionProfileDto,
  CompanionRegisterDto,
  CompanionRegisteredDto,
} from './dto/account.dto.js';

const OWN = 'users/users/:id';

@ApiAccountErrors()
@NamesCaller({ user: 'id', as: 'id', needsLogin: true })
@LegacyController('companion', '')
export class CompanionAccountsController {
  constructor(private readonly accounts: CompanionAccounts) {}

  /** Make an account, and log in */
  @Public()
  @Post('users/register')
  @HttpCode(201)
  @ApiCreatedResponse({ type: CompanionRegisteredDto })
  register(
    @Body() dto: CompanionRegisterDto,
    @Req() request: FastifyRequest,
  ): Promise<LoggedIn<CompanionRegisteredDto>> {
    return this.accounts.register(dto, request);
  }

  /** Log in */
  @Public()
  @Post('login')
  @HttpCode(200)
  @ApiOkResponse({ type: CompanionLoggedInDto })
  login(
    @Body() dto: CompanionLoginDto,
    @Req() request: FastifyRequest,
  ): Promise<LoggedIn<CompanionLoggedInDto>> {
    return this.accounts.login(dto, request);
  }

  /** Read the own account */
  @Get(OWN)
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: CompanionProfileDto })
  profile(@CurrentUser() user: AuthUser): Promise<CompanionProfileDto> {
    return this.accounts.profile(user);
  }

  /** Change e-mail address and password */
  @Patch(OWN)
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: CompanionProfileDto })
  change(@CurrentUser() user: AuthUser, @Body() dto: CompanionChangeDto): Promise<CompanionProfileDto> {
    return this.accounts.change(user, dto);
  }

  /** The same as PATCH: what is absent stays */
  @Put(OWN)
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: CompanionProfileDto })
  replace(@CurrentUser() user: AuthUser, @Body() dto: CompanionChangeDto): Promise<CompanionProfileDto> {
    return this.accounts.change(user, dto);
  }

  /** Delete the own account, with everything that belongs to it */
  @Delete(OWN)
  @HttpCode(204)
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiNoContentResponse()
  delete(@CurrentUser() user: AuthUser): Promise<void> {
    return this.accounts.delete(user);
  }
}
