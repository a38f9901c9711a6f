import { Body, Controller, Delete, Get, HttpCode, Ip, Param, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { type AuthUser, CurrentUser } from '../common/current-user.js';
import { IdPipe } from '../common/id.pipe.js';
import { PageQueryDto } from '../common/page-query.dto.js';
import { ApiKeysService } from './api-keys.service.js';
import { ApiKeyDto, ApiKeyPageDto, NewApiKeyDto } from './dto/api-key.dto.js';
import { CreateApiKeyDto } from './dto/create-api-key.dto.js';

@ApiTags('api-keys')
@ApiBearerAuth('access-token')
@Controller('users/me/api-keys')
export class ApiKeysController {
  constructor(private readonly keys: ApiKeysService) {}

  /** Make an API key; the key itself is in this answer only */
  @Post()
  @ApiCreatedResponse({ type: NewApiKeyDto })
  create(
    @CurrentUser() user: AuthUser,
    @Body() dto: CreateApiKeyDto,
    @Ip() address: string,
  ): Promise<NewApiKeyDto> {
    return this.keys.create(user, dto, address);
  }

  /** List the own API keys, newest first, those that have expired as well */
  @Get()
  @ApiOkResponse({ type: ApiKeyPageDto })
  list(@CurrentUser() user: AuthUser, @Query() query: PageQueryDto): Promise<ApiKeyPageDto> {
    return this.keys.list(user.id, query);
  }

  /** Read what is known of an API key */
  @Get(':id')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: ApiKeyDto })
  find(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<ApiKeyDto> {
    return this.keys.find(user.id, id);
  }

  /** Revoke an API key: it ends at once, for good */
  @Delete(':id')
  @HttpCode(204)
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiNoContentResponse()
  revoke(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<void> {
    return this.keys.revoke(user.id, id);
  }
}
