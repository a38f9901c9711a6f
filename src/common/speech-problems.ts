import { entry } from './problem-entry.js';

/** What the API answers with where recordings are transcribed and messages are spoken. */
export const SPEECH_PROBLEMS = {
  unsupported_audio: entry(
    415,
    ['No recording', 'The file is neither sound nor film, whatever it is called.'],
    ['不是录音', '无论名称如何，该文件既不是音频也不是视频。'],
  ),
  recording_unusable: entry(
    422,
    [
      'Nothing understood',
      'Nothing could be understood in this recording: it is broken, empty, too long, or nobody speaks in it (`reason`).',
    ],
    ['无法识别录音', '无法识别该录音：录音损坏、为空、过长，或没有人说话（见 `reason`）。'],
  ),
  not_failed: entry(
    409,
    ['Not failed', 'Only a transcription that has failed can be begun again.'],
    ['未失败', '只有失败的转写才能重新开始。'],
  ),
  message_not_final: entry(
    409,
    ['Answer not finished', 'This part of the answer is still being written; try again when it has ended.'],
    ['回答尚未完成', '该部分回答仍在生成，请在其结束后重试。'],
  ),
  nothing_to_speak: entry(
    422,
    ['Nothing to speak', 'There is nothing in this message that could be read out.'],
    ['没有可朗读的内容', '该消息中没有可以朗读的内容。'],
  ),
  too_long_to_speak: entry(
    422,
    ['Too long to speak', 'More than {max} characters are not spoken as one; ask for the sentences.'],
    ['内容过长', '超过 {max} 个字符的内容不会整体朗读，请逐句获取。'],
  ),
  speech_refused: entry(
    422,
    ['Speaking refused', 'The provider of the voice will not speak this text.'],
    ['朗读被拒绝', '语音服务拒绝朗读该内容。'],
  ),
  too_many_transcriptions: entry(
    429,
    ['Too many transcriptions', 'Too many of your recordings are being transcribed; wait for one of them.'],
    ['同时进行的转写过多', '您正在转写的录音过多，请等待其中一个结束。'],
  ),
  speech_not_set_up: entry(
    503,
    [
      'Speech is not set up',
      'This installation has no Whisper engine or model. scripts/build-whisper and scripts/get-whisper-model base set ' +
        'it up.',
    ],
    [
      '语音功能未配置',
      '此服务器没有 Whisper 引擎或模型。请运行 scripts/build-whisper 和 scripts/get-whisper-model base 进行配置。',
    ],
  ),
  speech_unavailable: entry(
    503,
    ['Speech unavailable', 'Speech is out of service just now; try again later (Retry-After).'],
    ['语音服务不可用', '语音服务暂时不可用，请稍后重试（Retry-After）。'],
  ),
  voice_not_set_up: entry(
    503,
    [
      'No voice here',
      'Speaking is not set up on this server: it needs espeak-ng and ffmpeg installed, or TTS_PROVIDER and its key set.',
    ],
    ['未配置语音', '此服务器未配置语音合成：需要安装 espeak-ng 和 ffmpeg，或设置 TTS_PROVIDER 及其密钥。'],
  ),
};
