import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { SpeechDto } from './dto/speech.dto.js';
import { SpeechService } from './speech.service.js';

@ApiTags('speech')
@ApiBearerAuth('access-token')
@Controller('speech')
export class SpeechController {
  constructor(private readonly speech: SpeechService) {}

  /** Read what can be done with speech now, and how it is set up where it is not */
  @Get()
  @ApiOkResponse({ type: SpeechDto })
  capabilities(): SpeechDto {
    return this.speech.capabilities();
  }
}
